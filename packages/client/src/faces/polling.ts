/** A run by polling only: asked for every ten seconds, with nothing held open in between. */

import type { Snapshot } from "../contract.gen.ts";
import type { HeadwayError } from "../errors.ts";
import { Headway, type HeadwayOptions, type StartOptions } from "../headway.ts";
import type { RunHandle } from "../run.ts";
import { isNewEnd } from "./messages.ts";

export interface PollingOptions extends HeadwayOptions {
  /** Start and ask through this client, with its identity. All views of the run it has are polled then. */
  client?: Headway | undefined;
  /** @defaultValue 10 seconds */
  everyMs?: number | undefined;
  /** After so long it is said that it is still running, and asked for every `slowMs`. @defaultValue 5 minutes */
  stillRunningMs?: number | undefined;
  /** @defaultValue 30 seconds */
  slowMs?: number | undefined;
  /** How the run stands, after every change that is seen. */
  onStatus?: ((run: Snapshot) => void) | undefined;
  /** It takes long. That is no error: the run goes on, and so does asking for it. */
  onStillRunning?: ((run: Snapshot | null) => void) | undefined;
  /** It has ended, however it did. Called again when it was tried again and ended again. */
  onEnd?: ((run: Snapshot) => void) | undefined;
  /** It cannot be asked for any more, whatever is tried. A network that breaks is no failure. */
  onFailure?: ((error: HeadwayError) => void) | undefined;
}

/** Its functions need no `this`. */
export interface Polling {
  /**
   * Start a job and ask how it stands until `stop`.
   *
   * @returns The run's id, to go on with by `watch` after a reload.
   * @throws HeadwayError As `Headway.start`.
   */
  start(job: string, input: unknown, options?: StartOptions): Promise<string>;
  /** Ask how a run stands until `stop`. */
  watch(target: string): void;
  /** Return how it stood when it was asked for last; null: nothing is known yet. */
  status(): Snapshot | null;
  /** Ask no more. The run goes on. */
  stop(): void;
}

/** Make a service that watches one run at a time by polling. */
export function createPolling(options: PollingOptions = {}): Polling {
  const { client, everyMs = 10_000, stillRunningMs = 300_000, slowMs = 30_000, ...rest } = options;
  const { onStatus, onStillRunning, onEnd, onFailure, ...connecting } = rest;
  const headway = client ?? new Headway({ ...connecting, transport: "poll", pollMs: everyMs });
  const { clearTimeout, setTimeout } = headway.shared.environment;
  let handle: RunHandle | undefined;
  let stop = () => {};

  const follow = (run: RunHandle) => {
    stop();
    handle = run;
    let last = { run: null as Snapshot | null, error: null as HeadwayError | null };
    const show = () => {
      const before = last;
      last = run.getSnapshot();
      const { error } = last;
      if (error && error !== before.error) onFailure?.(error);
      if (!last.run || last.run === before.run) return;
      onStatus?.(last.run);
      if (!isNewEnd(last.run, before.run)) return;
      clearTimeout(timer);
      onEnd?.(last.run);
    };
    const timer = setTimeout(() => {
      run.startPolling(slowMs);
      onStillRunning?.(last.run);
    }, stillRunningMs);
    run.startPolling(everyMs);
    const end = run.subscribe(show);
    stop = () => {
      clearTimeout(timer);
      end();
    };
    show();
  };

  return {
    async start(job, input, about) {
      const { id, run } = await headway.start(job, input, about);
      follow(run);
      return id;
    },
    watch: (target) => follow(headway.run(target)),
    status: () => handle?.getSnapshot().run ?? null,
    stop: () => stop(),
  };
}
