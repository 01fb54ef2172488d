/** The entry: where Headway is, who is asking, and the runs. */

import { addressOf, defaultBaseUrl, withQuery } from "./address.ts";
import type { Snapshot } from "./contract.gen.ts";
import { browser, type Environment } from "./environment.ts";
import { Http, type HttpOptions } from "./http.ts";
import { RunHandle } from "./run.ts";
import { TIMING, type Timing } from "./timing.ts";
import type { RunPage, RunQuery, StartedRun } from "./wire.ts";

export interface HeadwayOptions extends HttpOptions {
  /**
   * Where Headway is mounted, as `/headway` or `https://example.org/headway`.
   *
   * @defaultValue where this file was loaded from, if that is `<prefix>/client.js`; else the root of the page's origin
   */
  baseUrl?: string | undefined;
  /** Used in place of the global `fetch`. */
  fetch?: Environment["fetch"] | undefined;
  timing?: Partial<Timing> | undefined;
  /** Clock, timers and the page's state; tests bring their own. */
  environment?: Environment | undefined;
}

export interface StartOptions {
  /**
   * Makes the start idempotent: the same key with the same input is the same run.
   *
   * @defaultValue a random key for this call
   */
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
  readonly #timing: Timing;
  /** Weak, so that a run nobody holds is forgotten, and one that is held is never there twice. */
  readonly #runs: Map<string, WeakRef<RunHandle>> = new Map();

  constructor({ baseUrl, fetch, timing, environment = browser, ...http }: HeadwayOptions = {}) {
    this.#baseUrl = (baseUrl ?? defaultBaseUrl()).replace(/\/+$/, "");
    this.#http = new Http(fetch ? { ...environment, fetch } : environment, http);
    this.#timing = { ...TIMING, ...timing };
  }

  /**
   * Return a run by its id, its address, or the address of a stream in your own application (`hw.stream`). Nothing is
   * opened before somebody watches it. The same run is the same handle.
   */
  run(target: string): RunHandle {
    return this.#run(target);
  }

  /**
   * Start a job.
   *
   * @throws HeadwayError `invalid` with code `invalid_input` when the input does not fit the job.
   */
  async start(job: string, input: unknown, options: StartOptions = {}): Promise<Started> {
    const { key = randomKey(), ...given } = options;
    const started = await this.#http.json<StartedRun>(`${this.#baseUrl}/v1/jobs/${encodeURIComponent(job)}/runs`, {
      method: "POST",
      headers: { "Idempotency-Key": key },
      body: { input, ...given },
    });
    return { ...started, run: this.#run(started.id, started.snapshot) };
  }

  /** List runs, newest first. */
  runs({ status, ...query }: RunQuery = {}): Promise<RunPage> {
    const statuses = typeof status === "string" ? status : status?.join(",");
    return this.#http.json(withQuery(`${this.#baseUrl}/v1/runs`, { status: statuses, ...query }));
  }

  #run(target: string, snapshot?: Snapshot | null): RunHandle {
    const address = addressOf(target, this.#baseUrl);
    const known = this.#runs.get(address.stream)?.deref();
    if (known) return known;
    for (const [stream, run] of this.#runs) if (run.deref() === undefined) this.#runs.delete(stream);
    const run = new RunHandle({ address, http: this.#http, timing: this.#timing, snapshot });
    this.#runs.set(address.stream, new WeakRef(run));
    return run;
  }
}

/** `crypto.randomUUID` is not there on pages that came over plain HTTP. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
