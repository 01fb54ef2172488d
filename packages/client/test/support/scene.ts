/** What the tests of connections share: a server that speaks the wire, a clock of their own, and one watched run. */

import { afterEach, beforeEach } from "vitest";
import type { ConnectionInfo } from "../../src/connection.ts";
import type { RunEvent, Snapshot } from "../../src/contract.gen.ts";
import { Headway, type HeadwayOptions } from "../../src/headway.ts";
import type { RunHandle } from "../../src/run.ts";
import { type TestEnvironment, testEnvironment, until } from "./environment.ts";
import { expectSame } from "./equal.ts";
import type { Log } from "./log.ts";
import { frame, NOT_QUEUED, problem, type Seen, WireServer } from "./server.ts";

export let environment: TestEnvironment;
export let server: WireServer;
export let run: RunHandle;
/** Every state that was shown. */
export let states: string[];
/** Seqs of the events that came. */
export let seqs: number[];

beforeEach(() => {
  environment = testEnvironment();
  states = [];
  seqs = [];
});

afterEach(async () => {
  leave();
  run?.release();
  environment.advance(1_000);
  await server.close();
});

export async function serve(log: Log): Promise<WireServer> {
  server = await new WireServer(log).listen();
  return server;
}

let ends: (() => void)[] = [];

/** Watch the run no more. */
export function leave(): void {
  for (const end of ends) end();
  ends = [];
}

/** Watch the server's run. */
export function watch(options: HeadwayOptions = {}, target = server.log.id, known?: Snapshot): RunHandle {
  run = new Headway({ baseUrl: server.url, environment, ...options }).run(target, known);
  const show = () => {
    const { state } = connection();
    if (states.at(-1) !== state) states.push(state);
  };
  ends.push(
    run.subscribe(show, 0),
    run.on("*", (event: RunEvent) => seqs.push(event.seq)),
  );
  show();
  return run;
}

export function connection(): ConnectionInfo {
  return run.getSnapshot().connection;
}

export function reached(state: string): Promise<void> {
  return until(() => connection().state === state, `${state}, not ${connection().state}`);
}

export function seqReached(seq = server.log.events.length): Promise<void> {
  return until(() => run.getSnapshot().run?.seq === seq, `seq ${seq}, not ${run.getSnapshot().run?.seq}`);
}

export function expectTruth(): void {
  expectSame(run.getSnapshot().run, server.log.snapshot(), "what is shown");
}

/** Forget which events came. */
export function forgetSeqs(): void {
  seqs = [];
}

/** Take care of a run that was not made by `watch`. */
export function adopt(other: RunHandle): void {
  run = other;
}

export const OFF = { status: null, seq: null, final: false, use: "poll" };

/** Let a ping arrive. */
export async function pinged(): Promise<void> {
  const queue_position = (run.getSnapshot().live?.queue_position ?? 0) + 1;
  server.send(frame("ping", { head: server.log.events.length }) + frame("live", { ...NOT_QUEUED, queue_position }));
  await until(() => run.getSnapshot().live?.queue_position === queue_position, "a ping");
}

/** Time in which what must not happen would happen. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 30));
}

/** Wait until something is so, while the pauses between polls pass. */
export function paced(isSo: () => boolean, what: string): Promise<void> {
  return until(() => {
    if (!isSo()) environment.step(250);
    return isSo();
  }, what);
}

/** Wait until the client waits for news of the run. */
export function polled(): Promise<void> {
  return paced(() => server.polling === 1, "a long-poll");
}

/** Watch a run whose stream is refused, so that it is polled. */
export async function polling(script: WireServer["script"] = () => false): Promise<void> {
  server.script = scripted(script);
  watch();
  for (let n = 1; n <= 3; n++) {
    await until(() => connection().attempt === n, `attempt ${n}`);
    environment.advance(4_000);
  }
  await until(() => connection().transport === "poll" && run.getSnapshot().run !== null, "polling");
}

export function scripted(script: WireServer["script"]): WireServer["script"] {
  return (request: Seen, response, n) =>
    request.path.endsWith("/stream") ? problem(response, 503, "overloaded", "Busy") : script(request, response, n);
}

/** The bytes of a whole stream. */
export async function recorded({ url }: WireServer): Promise<Uint8Array> {
  const response = await fetch(`${url}/v1/runs/run_1/stream`, { headers: { "Last-Event-ID": "7.t" } });
  return new Uint8Array(await response.arrayBuffer());
}

/** The first stream breaks after so many bytes; the others are whole. */
export function cutAfter(at: number): WireServer["script"] {
  let first = true;
  return (_request, response) => {
    if (!first) return false;
    first = false;
    const write = response.write.bind(response);
    let left = at;
    const cut = (chunk: string) => {
      const bytes = Buffer.from(chunk);
      if (left > 0) write(bytes.subarray(0, left), () => left <= 0 && response.socket?.destroy());
      left -= bytes.length;
      return true;
    };
    Object.assign(response, { write: cut, end: cut });
    return false;
  };
}
