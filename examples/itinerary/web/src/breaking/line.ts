/**
 * The connection of this page, as something to be cut and stalled.
 *
 * Nothing is played: bytes from the server pass through here on their way to the client. Cut, and the request behind
 * them is given up in the middle. Stalled, and they are left unread: the browser's buffers fill, then the server's, and
 * neither side is told.
 */

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface LineState {
  readonly stalled: boolean;
  /** Answers being read just now; a stream is one for as long as it lasts. */
  readonly open: number;
  /** Connections made so far. */
  readonly made: number;
}

export interface Line {
  /** For the client: like the global one, but what it reads comes through here. Commands pass by. */
  fetch: Fetch;
  /** Break everything that is being read. */
  cut(): void;
  /** Leave everything unread, also what is opened meanwhile. */
  stall(): void;
  /** Read on. */
  flow(): void;
  getState(): LineState;
  /** @returns A function that ends it. */
  subscribe(listener: () => void): () => void;
}

export function createLine(underlying: Fetch = (url, init) => fetch(url, init)): Line {
  const listeners = new Set<() => void>();
  const cuts = new Set<() => void>();
  let state: LineState = { stalled: false, open: 0, made: 0 };
  let gate = openGate();

  const change = (changes: Partial<LineState>) => {
    state = { ...state, ...changes };
    for (const listener of listeners) listener();
  };

  const lead = (body: ReadableStream<Uint8Array>, signal: AbortSignal | null | undefined) => {
    const reader = body.getReader();
    const ending = new AbortController();
    const broken = new Promise<never>((_, reject) => {
      ending.signal.addEventListener("abort", () => reject(ending.signal.reason));
    });
    broken.catch(() => {}); // it may break while nobody reads
    const unlessBroken = async <Value>(promise: Promise<Value>) => {
      const value = await Promise.race([broken, promise]);
      ending.signal.throwIfAborted();
      return value;
    };
    const end = (reason: unknown) => {
      if (!cuts.delete(cut)) return;
      signal?.removeEventListener("abort", abort);
      ending.abort(reason);
      reader.cancel(reason).catch(() => {}); // gives up the request
      change({ open: cuts.size });
    };
    const cut = () => end(new TypeError("the connection was cut"));
    const abort = () => end(signal?.reason);
    signal?.addEventListener("abort", abort);
    cuts.add(cut);
    change({ open: cuts.size, made: state.made + 1 });
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          await unlessBroken(gate.opened);
          const { done, value } = await unlessBroken(reader.read());
          await unlessBroken(gate.opened); // what was under way when the line was stalled
          if (!done) return controller.enqueue(value);
          end(null);
          controller.close();
        },
        cancel: end,
      },
      { highWaterMark: 0 }, // read when asked to, so that what nobody asks for stays in the network
    );
  };

  return {
    async fetch(url, init) {
      const response = await underlying(url, init);
      if (response.body === null || (init.method ?? "GET") !== "GET") return response;
      return new Response(lead(response.body, init.signal), response);
    },
    cut() {
      for (const cut of [...cuts]) cut();
    },
    stall() {
      if (state.stalled) return;
      gate = closedGate();
      change({ stalled: true });
    },
    flow() {
      gate.open();
      change({ stalled: false });
    },
    getState: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

interface Gate {
  opened: Promise<void>;
  open(): void;
}

function openGate(): Gate {
  return { opened: Promise.resolve(), open: () => {} };
}

function closedGate(): Gate {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
