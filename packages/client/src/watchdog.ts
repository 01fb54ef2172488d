/** Notices that nothing comes any more. */

import type { Environment } from "./environment.ts";

/** A heartbeat that is half as late again as it may be counts as overdue: 1.5 of the 2.5 after which all is over. */
const QUIET_SHARE = 0.6;
/** The least silence that counts while the page is hidden: browsers then run timers once a minute. */
const HIDDEN_SILENT_MS = 70_000;

export interface Watchdog {
  /** Begin to wait. Where there are heartbeats, a late one is noticed before that. */
  expect(silentMs: number, beats?: boolean): void;
  /** A byte came. Costs nothing but a look at the clock: the timer is set anew only when it fires. */
  heard(): void;
  /** Look now. */
  check(): void;
  stop(): void;
}

/**
 * Watch the time since the last byte. It compares clock times instead of trusting its timer, so that a machine that
 * slept, or a hidden tab whose timers are held back, is noticed at once by `check`.
 *
 * @param onQuiet A heartbeat is overdue.
 * @param onSilent Nothing came for so long that the connection is dead. Called once; then it is off.
 */
export function createWatchdog(environment: Environment, onQuiet: () => void, onSilent: () => void): Watchdog {
  const { clearTimeout, isHidden, now, setTimeout } = environment;
  let timer: unknown;
  let last = 0;
  let quietMs = 0;
  let silentMs = 0;

  const stop = () => clearTimeout(timer);

  const heard = () => {
    last = now();
  };

  const check = () => {
    stop();
    const hidden = isHidden();
    const dueMs = hidden ? Math.max(silentMs, HIDDEN_SILENT_MS) : silentMs;
    const idle = Math.max(0, now() - last); // negative after the clock was set back
    if (idle >= dueMs) {
      onSilent();
      return;
    }
    if (idle >= quietMs && !hidden) onQuiet();
    timer = setTimeout(check, (idle < quietMs ? quietMs : dueMs) - idle);
  };

  const expect = (ms: number, beats?: boolean) => {
    silentMs = ms;
    quietMs = beats ? ms * QUIET_SHARE : ms;
    heard();
    check();
  };

  return { expect, heard, check, stop };
}
