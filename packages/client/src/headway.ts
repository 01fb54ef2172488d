/** The entry: where Headway is, who is asking, and the runs. */

import { addressOf, defaultBaseUrl } from "./address.ts";
import type { Snapshot } from "./contract.gen.ts";
import { browser, type Environment } from "./environment.ts";
import { createHttp, type Http, type HttpOptions } from "./http.ts";
import { createRun, type RunHandle } from "./run.ts";
import type { RunPage, RunQuery, StartedRun } from "./wire.ts";

const BACKOFF_MS: readonly number[] = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000];

export interface HeadwayOptions extends HttpOptions {
  /**
   * Where Headway is mounted, as `/headway` or `https://example.org/headway`.
   *
   * @defaultValue where this file was loaded from, if that is `<prefix>/client.js`; else the root of the page's origin
   */
  baseUrl?: string | undefined;
  /** Used in place of the global `fetch`. */
  fetch?: Environment["fetch"] | undefined;
  /**
   * Longest wait before the 1st, 2nd, … try after a break, in milliseconds; the last one stays. The wait itself is
   * random below it ("full jitter"), at least 50 ms, and never shorter than the server asks for.
   *
   * @defaultValue 1, 2, 4, 8, 16, 30 seconds
   */
  backoffMs?: readonly number[] | undefined;
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
  readonly #baseUrl: string;
  readonly #http: Http;
  readonly #backoffMs: readonly number[];
  /** Weak, so that a run nobody holds is forgotten, and one that is held is never there twice. */
  readonly #runs: Map<string, WeakRef<RunHandle>> = new Map();

  constructor({ baseUrl, fetch, backoffMs = BACKOFF_MS, environment = browser, ...http }: HeadwayOptions = {}) {
    this.#baseUrl = (baseUrl ?? defaultBaseUrl()).replace(/\/+$/, "");
    this.#http = createHttp(fetch ? { ...environment, fetch } : environment, http);
    this.#backoffMs = backoffMs;
  }

  /**
   * Return a run by its id, its address, or the address of a stream in your own application (`hw.stream`). Nothing is
   * opened before somebody watches it. The same run is the same handle.
   */
  run(target: string, snapshot?: Snapshot | null): RunHandle {
    const address = addressOf(target, this.#baseUrl);
    const run = this.#runs.get(address.stream)?.deref() ?? createRun(address, this.#http, this.#backoffMs, snapshot);
    this.#runs.set(address.stream, new WeakRef(run));
    return run;
  }

  /**
   * Start a job.
   *
   * @throws HeadwayError `invalid` with code `invalid_input` when the input does not fit the job.
   */
  async start(job: string, input: unknown, { key, ...about }: StartOptions = {}): Promise<Started> {
    const url = `${this.#baseUrl}/v1/jobs/${encodeURIComponent(job)}/runs`;
    const headers = key && { headers: { "Idempotency-Key": key } };
    const started = await this.#http.json<StartedRun>(url, { ...headers, body: { input, ...about } });
    return { ...started, run: this.run(started.id, started.snapshot) };
  }

  /** List runs, newest first. */
  runs(query: RunQuery = {}): Promise<RunPage> {
    const pairs = Object.entries(query).flatMap(([name, value]) => [value].flat().map((one) => [name, `${one}`]));
    return this.#http.json(`${this.#baseUrl}/v1/runs?${new URLSearchParams(pairs)}`);
  }
}
