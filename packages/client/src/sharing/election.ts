/** Which tab leads: the one that holds a Web Lock. */

/** What a tab is at present. */
export interface Role {
  readonly leads: boolean;
  /** Ends when it is not any more. */
  readonly signal: AbortSignal;
}

export interface Election {
  /** Return what this tab is, as soon as that is known; throws the reason of `signal` when that ends it. */
  role(signal: AbortSignal): Promise<Role>;
  /** Lead although another tab does, because it does not answer. */
  steal(): void;
}

/**
 * Take part in the election of `key`, from now on.
 *
 * A lock ends with its page, however that ends. It does not when the page goes to the back/forward cache, where nothing
 * runs, so it is given back on `pagehide`. A page that hangs keeps it, too: the others take it by `steal`. A tab that gets
 * no locks at all leads, each by itself.
 *
 * @param page Tells by `pagehide` and `pageshow` when the page goes to the cache and comes back.
 * @param onChange The role has changed; undefined while the page is in the cache.
 */
export function createElection(key: string, page: EventTarget, onChange: (role: Role | undefined) => void): Election {
  const { locks } = navigator;
  let role: Role | undefined;
  let ending = new AbortController();
  let turn = new AbortController();
  const waiting = new Set<(role: Role) => void>();

  const become = (leads: boolean | undefined) => {
    if (role?.leads === leads) return;
    ending.abort();
    ending = new AbortController();
    role = leads === undefined ? undefined : { leads, signal: ending.signal };
    onChange(role);
    if (!role) return;
    for (const tell of waiting) tell(role);
    waiting.clear();
  };

  const lead = (signal: AbortSignal) => {
    become(true);
    return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  };

  /** Ask for the lock in this way, and whenever it is lost stand in the queue for it. */
  const compete = async (how: LockOptions) => {
    turn.abort();
    turn = new AbortController();
    const { signal } = turn;
    let options = how;
    while (!signal.aborted) {
      const granted = (lock: Lock | null) => (lock && !signal.aborted ? lead(signal) : undefined);
      // It fails when the turn is over, or when another tab has stolen the lock.
      const error = await locks.request(key, options, granted).catch((error: Error) => error);
      if (signal.aborted) return;
      // A browser that keeps nothing for this page gives it no locks, however often they are asked for.
      const refused = error instanceof Error && error.name !== "AbortError";
      become(refused);
      if (refused) return;
      options = { signal };
    }
  };

  page.addEventListener("pagehide", () => {
    turn.abort();
    become(undefined);
  });
  page.addEventListener("pageshow", () => {
    if (turn.signal.aborted) void compete({ ifAvailable: true });
  });
  void compete({ ifAvailable: true });

  return {
    steal: () => void compete({ steal: true }),
    role: (signal) =>
      new Promise((resolve, reject) => {
        if (role) return resolve(role);
        waiting.add(resolve);
        signal.addEventListener("abort", () => {
          waiting.delete(resolve);
          reject(signal.reason);
        });
      }),
  };
}
