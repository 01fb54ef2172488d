/**
 * What a page was told of a run, kept to be compared with what it ought to have been told: each event the client
 * handed out, how its connection stood, and what came over the wire to make it so.
 */

import type { ConnectionInfo, RunHandle, Snapshot } from "@headway-run/client";

/** A request of the client. */
interface Asked {
  path: string;
  /** Null: no answer came. */
  status: number | null;
}

export interface Report {
  run: Snapshot | null;
  error: string | null;
  connection: ConnectionInfo;
  /** Seqs of the events the client handed out. */
  events: number[];
  /** Seqs of the events that came over the wire, and of the snapshots. */
  wire: { events: number[]; snapshots: number[] };
  /** State and transport of the connection, each time one of them had changed. */
  history: string[];
  requests: Asked[];
  /** How often React has put something on the page. */
  commits: number;
  /** Whether the page was kept by the back/forward cache and came back out of it. */
  restored: boolean;
}

interface Page {
  report(): Report;
  run: RunHandle;
  /** Heartbeats so far. */
  readonly pings: number;
}

declare global {
  interface Window {
    watching: Page;
    /** Where one page watches several runs: one for each. */
    each: Page[];
  }
}

export interface Recorder {
  /** Note that the page was drawn anew. */
  drawn(): void;
  /** Passes on what the server says, and notes it. */
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Note the states that the tab with the connection passes on, as if they had come over the wire. */
  overhear(channel: string): void;
  /** Note what the client makes of it; opens the connection. Returns a function that ends it. */
  listen(run: RunHandle): () => void;
}

/**
 * @param id Of the run whose events are noted; null: there is no other.
 * @param next What the requests are passed on to.
 */
export function createRecorder(id: string | null = null, next: Recorder["fetch"] = fetch): Recorder {
  const wire: Report["wire"] = { events: [], snapshots: [] };
  const events: number[] = [];
  const history: string[] = [];
  const requests: Asked[] = [];
  let restored = false;
  let pings = 0;
  let commits = 0;
  window.addEventListener("pageshow", (event) => {
    restored ||= event.persisted;
  });

  const noteJson = (value: unknown) => {
    const { cursor, events: page, progress, run_id, seq } = value as Record<string, unknown>;
    if (id !== null && run_id !== id) return;
    if (Array.isArray(page)) wire.events.push(...page.map((event) => event.seq));
    else if (cursor && progress) wire.snapshots.push(seq as number);
  };

  const noteFrame = (frame: string) => {
    pings += +frame.startsWith("event: ping");
    const of = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(frame)?.[1];
    const data = of("data");
    if (!data || !of("id")) return;
    const { run_id, seq } = JSON.parse(data);
    if (id !== null && run_id !== id) return;
    (of("event") === "snapshot" ? wire.snapshots : wire.events).push(seq);
  };

  /** Frames as this server writes them; the client's own parser is under test. */
  const noteStream = () => {
    let text = "";
    return (part: string) => {
      const frames = (text + part).split("\n\n");
      text = frames.pop() ?? "";
      for (const frame of frames) noteFrame(frame);
    };
  };

  const noting = (kind: string) => {
    const decoder = new TextDecoder();
    const feed = kind.includes("event-stream") ? noteStream() : undefined;
    let text = "";
    return new TransformStream<Uint8Array, Uint8Array>({
      transform(bytes, controller) {
        const part = decoder.decode(bytes, { stream: true });
        if (feed) feed(part);
        else text += part;
        controller.enqueue(bytes);
      },
      flush() {
        if (kind.includes("json")) noteJson(JSON.parse(text));
      },
    });
  };

  return {
    drawn() {
      commits++;
    },
    async fetch(url, init) {
      const asked: Asked = { path: url, status: null };
      requests.push(asked);
      const response = await next(url, init);
      asked.status = response.status;
      if (!response.ok || !response.body) return response;
      const body = response.body.pipeThrough(noting(response.headers.get("Content-Type") ?? ""));
      return new Response(body, response);
    },
    overhear(name) {
      let channel: BroadcastChannel;
      const open = () => {
        channel = new BroadcastChannel(name);
        channel.onmessage = ({ data }) => data.snapshot && wire.snapshots.push(data.snapshot.seq);
      };
      open();
      // A page with an open channel is not put into the back/forward cache.
      window.addEventListener("pagehide", () => channel.close());
      window.addEventListener("pageshow", ({ persisted }) => persisted && open());
    },
    listen(run) {
      const deafen = run.on("*", (event) => events.push(event.seq));
      const look = () => {
        const { state, transport } = run.getSnapshot().connection;
        const now = `${state} ${transport}`;
        if (history.at(-1) !== now) history.push(now);
      };
      const avert = run.subscribe(look, 0);
      look();
      const report = (): Report => {
        const { connection, error, run: state } = run.getSnapshot();
        const words = error && `${error.category}: ${error.message}`;
        return { run: state, error: words, connection, events, wire, history, requests, commits, restored };
      };
      window.watching = {
        run,
        report,
        get pings() {
          return pings;
        },
      };
      return () => {
        deafen();
        avert();
      };
    },
  };
}
