/** The entry: where Headway is, who is asking, and the runs. */

import { addressOf, defaultBaseUrl } from "./address.ts";
import type { ConnectionOptions, Shared } from "./connection.ts";
import type { Snapshot } from "./contract.gen.ts";
import { browser, type Environment } from "./environment.ts";
import { createHttp, type HttpOptions } from "./http.ts";
import { createRun, type RunHandle } from "./run.ts";
import { sse } from "./stream.ts";
import type { Transport } from "./transport.ts";
import type { RunPage, RunSearch, StartedRun } from "./wire.ts";

export interface HeadwayOptions extends HttpOptions, ConnectionOptions {
  /**
   * Where Headway is mounted, as `/headway` or `https://example.org/headway`.
   *
   * @defaultValue where this file was loaded from, if that is `<prefix>/client.js`; else the root of the page's origin
   */
  baseUrl?: string | undefined;
  /** Used in place of the global `fetch`. */
  fetch?: Environment["fetch"] | undefined;
  /**
   * Makes what is used in place of a stream for each run, as the modules `share` and `many` do.
   *
   * @defaultValue server-sent events over `fetch`
   */
  stream?: ((headway: Headway) => Transport) | undefined;
  /** Clock, timers and the page's state; tests bring their own. */
  environment?: Environment | undefined;
}

export interface StartOptions {
  /** Makes the start idempotent: the same key with the same input is the same run, however often it is sent. */
  key?: string;
  title?: string;
  /** A project, conversation or the like. */
  group?: string;
  metadata?: Record<string, unknown>;
}

/** A run that was just created: what the server said, and the handle. */
export interface Started extends StartedRun {
  run: RunHandle;
}

/** A Headway server, as one user sees it. */
export class Headway {
  /** @internal What its runs have in common, and the modules beside this one build on. */
  readonly shared: Shared & HttpOptions & { readonly baseUrl: string };
  /** Weak, so that a run nobody holds is forgotten, and one that is held is never there twice. */
  readonly #runs: Map<string, WeakRef<RunHandle>> = new Map();

  constructor({ baseUrl = defaultBaseUrl(), fetch, environment = browser, ...options }: HeadwayOptions = {}) {
    const http = createHttp(fetch ? { ...environment, fetch } : environment, options);
    this.shared = { ...options, baseUrl: baseUrl.replace(/\/+$/, ""), stream: options.stream?.(this) ?? sse, ...http };
  }

  /**
   * Return a run by its id, its address, or the address of a stream in your own application (`hw.stream`). Nothing is
   * opened before somebody watches it. The same run is the same handle.
   */
  run(target: string, snapshot?: Snapshot | null): RunHandle {
    const address = addressOf(target, this.shared.baseUrl);
    let run = this.#runs.get(address.stream)?.deref();
    if (!run) {
      for (const [key, known] of this.#runs) known.deref() || this.#runs.delete(key);
      run = createRun(address, this.shared, snapshot);
      this.#runs.set(address.stream, new WeakRef(run));
    }
    return run;
  }

  /**
   * Start a job.
   *
   * @throws HeadwayError `invalid` with code `invalid_input` when the input does not fit the job.
   */
  async start(job: string, input: unknown, { key, ...about }: StartOptions = {}): Promise<Started> {
    const url = `${this.shared.baseUrl}/v1/jobs/${encodeURIComponent(job)}/runs`;
    const headers = key && { headers: { "Idempotency-Key": key } };
    const started = await this.shared.json<StartedRun>(url, { ...headers, body: { input, ...about } });
    return { ...started, run: this.run(started.id, started.snapshot) };
  }

  /** List runs, newest first, or look for some. */
  runs(query: RunSearch = {}): Promise<RunPage> {
    // A list becomes its values with commas between them.
    return this.shared.json(`${this.shared.baseUrl}/v1/runs?${new URLSearchParams(query as Record<string, string>)}`);
  }
}
