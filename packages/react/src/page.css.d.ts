// A sheet has nothing to import; that it is there is known to whoever imports it for its effect.
export {};
