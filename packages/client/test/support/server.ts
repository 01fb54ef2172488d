import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Notice } from "../../src/wire.ts";
import type { Log } from "./log.ts";

export interface Seen {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage["headers"];
  body: unknown;
}

/** Answers a request in place of the server; returns false to leave it to the server. */
export type Script = (request: Seen, response: ServerResponse, n: number) => boolean | undefined | Promise<boolean>;

interface Viewer {
  response: ServerResponse;
  seq: number;
}

/** A server in this process that speaks the wire for one run, over real sockets. */
export class WireServer {
  readonly log: Log;
  /** All requests that came, in order. */
  readonly seen: Seen[] = [];
  script: Script = () => false;
  retryMs = 0;
  pingS = 15;
  /** What operators say to whoever polls. */
  notices: Notice[] = [];
  readonly #server: Server;
  readonly #sockets: Set<Socket> = new Set();
  readonly #viewers: Set<Viewer> = new Set();
  readonly #waiting: Set<() => void> = new Set();

  constructor(log: Log) {
    this.log = log;
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Requests for the stream, for pages of the log, and so on, by the end of their path. */
  requests(end: string): Seen[] {
    return this.seen.filter(({ path }) => path.endsWith(end));
  }

  get streams(): Seen[] {
    return this.requests("/stream");
  }

  get watching(): number {
    return this.#viewers.size;
  }

  get polling(): number {
    return this.#waiting.size;
  }

  /** Tell everybody of what was added to the log. */
  publish(): void {
    for (const viewer of this.#viewers) this.#tail(viewer);
    for (const tell of this.#waiting) tell();
  }

  /** Write to all open streams. */
  send(bytes: string | Uint8Array): void {
    for (const { response } of this.#viewers) response.write(bytes);
  }

  /** End all open streams, as a server does that plans it. */
  endStreams(bytes = ""): void {
    for (const { response } of this.#viewers) response.end(bytes);
  }

  /** Break all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://host");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const { headers, method = "GET" } = request;
    const seen: Seen = { method, path: pathname, query: searchParams, headers, body: text ? JSON.parse(text) : null };
    this.seen.push(seen);
    if (await this.script(seen, response, this.seen.length)) return;
    this.#route(seen, response);
  }

  #route(seen: Seen, response: ServerResponse): void {
    const { path } = seen;
    const self = `/v1/runs/${this.log.id}`;
    // An application's own route answers all three, as `hw.stream` does.
    const mine = path === "/mine";
    const page = mine && seen.query.has("after");
    const state = mine && !page && seen.headers.accept === "application/json";
    if (path === `${self}/events` || page) this.#page(seen, response);
    else if (path === self || state) {
      const { notices } = this;
      json(response, 200, { ...this.log.snapshot(), live: notices.length ? { ...NOT_QUEUED, notices } : NOT_QUEUED });
    } else if (path === `${self}/stream` || mine) this.stream(seen, response);
    else if (path.startsWith(`${self}/`)) json(response, 202, this.#appended());
    else problem(response, 404, "run_not_found", "There is no such run");
  }

  #appended(): unknown {
    const { log } = this;
    return { seq: log.events.length, cursor: log.cursor(), status: log.status, cancel_requested: false };
  }

  /** Answer as `GET …/stream` does. */
  stream({ headers }: Seen, response: ServerResponse): void {
    const cursor = headers["last-event-id"];
    const { log } = this;
    if (cursor === log.cursor() && isEnded(log.status)) {
      response.writeHead(204).end();
      return;
    }
    begin(response);
    const open = { connection_id: "con_1", run_id: log.id, execution_id: "exe_1", head: log.events.length };
    response.write(`retry: ${this.retryMs}\n\n`);
    response.write(frame("open", { ...open, ping_s: this.pingS, server_time: "2026-11-21T09:00:00.000Z", live: null }));
    const viewer = { response, seq: 0 };
    if (typeof cursor === "string") viewer.seq = Number(cursor.split(".")[0]);
    else {
      response.write(frame("snapshot", log.snapshot(), log.cursor()));
      viewer.seq = log.events.length;
    }
    this.#viewers.add(viewer);
    response.on("close", () => this.#viewers.delete(viewer));
    this.#tail(viewer);
  }

  #tail(viewer: Viewer): void {
    const { log } = this;
    for (const event of log.events.slice(viewer.seq)) {
      viewer.response.write(frame(event.type, event, log.cursor(event.seq)));
      viewer.seq = event.seq;
    }
    if (isEnded(log.status)) {
      this.#viewers.delete(viewer);
      viewer.response.end(frame("end", { status: log.status, seq: viewer.seq, final: log.status === "succeeded" }));
    }
  }

  #page({ query }: Seen, response: ServerResponse): void {
    const after = query.get("after") ?? "0.0";
    const known = (query.get("notices") ?? "").split(",").filter(Boolean);
    const stands = (id: string) => this.notices.some((notice) => notice.id === id);
    const answer = () => {
      this.#waiting.delete(answer);
      const { log } = this;
      json(response, 200, {
        ...{ run_id: log.id, status: log.status, events: log.after(after), cursor: log.cursor() },
        ...{ head: log.events.length, more: false, partial: false },
        notices: [...this.notices, ...known.filter((id) => !stands(id)).map((id) => ({ id, over: true }))],
      });
    };
    const told = known.length === this.notices.length && known.every(stands);
    const nothing = told && this.log.after(after).length === 0 && this.log.status !== "succeeded";
    if (nothing && query.get("wait") !== "0") {
      this.#waiting.add(answer);
      response.on("close", () => this.#waiting.delete(answer));
    } else answer();
  }
}

export const NOT_QUEUED = { queue_position: null, estimated_start: null, degraded: false };

export function frame(event: string, data: unknown, id?: string): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Begin a stream. */
export function begin(response: ServerResponse): void {
  response.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache" });
  response.flushHeaders();
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(body));
}

export function problem(
  response: ServerResponse,
  status: number,
  code: string,
  detail: string,
  headers: Record<string, string> = {},
): true {
  const body = { type: `urn:headway:problem:${code}`, title: code, status, detail, code, retryable: status >= 429 };
  json(response, status, { ...body, hint: null, request_id: "req_1" }, headers);
  return true;
}

function isEnded(status: string | null): boolean {
  return ["succeeded", "partial", "failed", "cancelled"].includes(status ?? "");
}
