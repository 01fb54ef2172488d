import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Log } from "./log.ts";
import { begin, frame, json, problem } from "./server.ts";

/** A server in this process that carries several runs on one connection, over real sockets. */
export class ManyServer {
  readonly logs: Map<string, Log>;
  /** Asked-for runs with their cursors, one list for each stream that was opened. */
  readonly opened: string[][] = [];
  /** Refuse streams as a server that is away for a moment. */
  busy = false;
  /** Long-polls that wait, of which runs; and plain ones since the start. */
  readonly waiting: Set<string> = new Set();
  readonly plain: string[] = [];
  /** Answers those that wait. */
  answerWaiting: () => void = () => {};
  readonly #server: Server;
  readonly #sockets: Set<Socket> = new Set();
  readonly #streams: Map<ServerResponse, Map<string, number>> = new Map();

  constructor(...logs: Log[]) {
    this.logs = new Map(logs.map((log) => [log.id, log]));
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get watching(): number {
    return this.#streams.size;
  }

  /** Tell everybody of what was added to the logs. */
  publish(): void {
    for (const response of this.#streams.keys()) this.#tail(response);
  }

  send(bytes: string): void {
    for (const response of this.#streams.keys()) response.write(bytes);
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer({ url = "/" }: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, "http://host");
    const [, id = "", page] = /^\/v1\/runs\/([^/]+)(\/events)?$/.exec(pathname) ?? [];
    const log = this.logs.get(id);
    if (pathname !== "/v1/stream") {
      if (log && page) this.#page(log, searchParams, response);
      else json(response, log ? 200 : 404, log?.snapshot() ?? {});
      return;
    }
    const runs = searchParams.getAll("run");
    this.opened.push(runs);
    if (this.busy) problem(response, 503, "overloaded", "Busy");
    else this.#begin(runs, response);
  }

  #page(log: Log, query: URLSearchParams, response: ServerResponse): void {
    const answer = () => {
      const events = log.after(query.get("after") ?? "");
      json(response, 200, { events, cursor: log.cursor(), head: log.events.length, more: false, notices: [] });
    };
    if (query.get("wait") === "0") {
      this.plain.push(log.id);
      answer();
      return;
    }
    this.waiting.add(log.id);
    const before = this.answerWaiting;
    this.answerWaiting = () => {
      before();
      if (this.waiting.delete(log.id)) answer();
    };
    response.on("close", () => this.waiting.delete(log.id));
  }

  #begin(runs: string[], response: ServerResponse): void {
    begin(response);
    const about = runs.map((run) => ({ run_id: run.split("@")[0], execution_id: "exe_1", head: 0, live: null }));
    const opened = { connection_id: "con_1", run_id: null, execution_id: null, head: null, live: null, runs: about };
    response.write(frame("open", { ...opened, ping_s: 15, server_time: "2026-11-21T09:00:00.000Z", partial: false }));
    const seqs = new Map<string, number>();
    this.#streams.set(response, seqs);
    response.on("close", () => this.#streams.delete(response));
    for (const run of runs) this.#join(run, seqs, response);
    this.#tail(response);
  }

  #join(run: string, seqs: Map<string, number>, response: ServerResponse): void {
    const [id = "", cursor] = run.split("@");
    const log = this.logs.get(id);
    if (!log) response.write(frame("reset", { run_id: id, reason: "gone" }));
    else if (cursor) seqs.set(id, Number(cursor.split(".")[0]));
    else {
      response.write(frame("snapshot", log.snapshot(), `${id}:${log.cursor()}`));
      seqs.set(id, log.events.length);
    }
  }

  #tail(response: ServerResponse): void {
    const seqs = this.#streams.get(response);
    for (const [id, seq] of seqs ?? []) {
      const log = this.logs.get(id) as Log;
      for (const event of log.events.slice(seq)) {
        response.write(frame(event.type, event, `${id}:${log.cursor(event.seq)}`));
      }
      seqs?.set(id, log.events.length);
      if (log.status === "succeeded") {
        response.write(frame("end", { run_id: id, status: log.status, seq: log.events.length, final: true }));
        seqs?.delete(id);
      }
    }
    if (seqs?.size === 0) response.end();
  }
}
