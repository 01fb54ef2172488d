/** Whether a tab is there: as long as it is, it holds a lock of its own, which ends with it however it ends. */

const PREFIX = "headway tab ";

export interface Presence {
  /** Be there; resolves once that can be seen. */
  hold(): Promise<void>;
  /** Be there no more: a page that holds a lock may be kept out of the back/forward cache. */
  release(): void;
}

export function createPresence(tab: string): Presence {
  let release = () => {};
  let held: Promise<void> | null = null;
  return {
    hold() {
      held ??= new Promise((resolve) => {
        void navigator.locks.request(PREFIX + tab, () => {
          resolve();
          return new Promise<void>((end) => {
            release = end;
          });
        });
      });
      return held;
    },
    release() {
      release();
      held = null;
    },
  };
}

/** Call `gone` when a tab is not there any more, unless `signal` ends that. */
export function whenGone(tab: string, signal: AbortSignal, gone: () => void): void {
  navigator.locks.request(PREFIX + tab, { signal }, gone).catch(() => {}); // ended before that
}
