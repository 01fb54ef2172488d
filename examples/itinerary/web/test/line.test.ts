import { describe, expect, test, vi } from "vitest";
import { createLine } from "../src/breaking/line.ts";

/** A server whose answer is written by hand, and which notices when it is given up. */
function server() {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const givenUp = vi.fn();
  let asked = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      start: (given) => {
        controller = given;
      },
      pull: () => {
        asked++;
      },
      cancel: givenUp,
    },
    { highWaterMark: 0 },
  );
  return {
    answer: async () => new Response(body, { headers: { "Content-Type": "text/event-stream" } }),
    write: (text: string) => controller?.enqueue(new TextEncoder().encode(text)),
    end: () => controller?.close(),
    givenUp,
    asked: () => asked,
  };
}

async function opened(line: ReturnType<typeof createLine>, init: RequestInit = {}) {
  const response = await line.fetch("/stream", init);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  return { response, read: async () => new TextDecoder().decode((await reader.read()).value), reader };
}

/** Let everything happen that is due. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

describe("a line", () => {
  test("hands on what comes, and its end", async () => {
    const { answer, write, end } = server();
    const line = createLine(answer);
    const { response, read, reader } = await opened(line);
    expect(response.headers.get("Content-Type")).toBe("text/event-stream");
    write("one");
    expect(await read()).toBe("one");
    expect(line.getState()).toEqual({ stalled: false, open: 1, made: 1 });
    end();
    expect(await reader.read()).toEqual({ done: true, value: undefined });
    expect(line.getState().open).toBe(0);
  });

  test("that is cut breaks in the middle, for both sides", async () => {
    const { answer, givenUp } = server();
    const line = createLine(answer);
    const { read } = await opened(line);
    const reading = read();
    line.cut();
    await expect(reading).rejects.toThrow("cut");
    expect(givenUp).toHaveBeenCalledOnce();
    expect(line.getState()).toEqual({ stalled: false, open: 0, made: 1 });
  });

  test("that is stalled leaves unread what comes, until it flows", async () => {
    const { answer, asked, write } = server();
    const line = createLine(answer);
    const { read } = await opened(line);
    line.stall();
    write("late");
    const arrived = vi.fn();
    const reading = read().then(arrived);
    await settled();
    expect(arrived).not.toHaveBeenCalled();
    expect(asked()).toBe(0);
    line.flow();
    await reading;
    expect(arrived).toHaveBeenCalledWith("late");
  });

  test("holds back what was under way when it was stalled", async () => {
    const { answer, write } = server();
    const line = createLine(answer);
    const { read } = await opened(line);
    const arrived = vi.fn();
    const reading = read().then(arrived);
    await settled();
    line.stall();
    write("late");
    await settled();
    expect(arrived).not.toHaveBeenCalled();
    line.flow();
    await reading;
    expect(arrived).toHaveBeenCalledWith("late");
  });

  test("that is stalled is given up by who waits in vain", async () => {
    const { answer, givenUp } = server();
    const line = createLine(answer);
    const ending = new AbortController();
    line.stall();
    const { read } = await opened(line, { signal: ending.signal });
    const reading = read();
    ending.abort(new Error("too long"));
    await expect(reading).rejects.toThrow("too long");
    expect(givenUp).toHaveBeenCalledOnce();
    expect(line.getState()).toEqual({ stalled: true, open: 0, made: 1 });
  });

  test("is let go by a reader who has enough", async () => {
    const { answer, givenUp } = server();
    const line = createLine(answer);
    const { reader } = await opened(line);
    await reader.cancel();
    expect(givenUp).toHaveBeenCalledOnce();
    expect(line.getState().open).toBe(0);
  });

  test("lets commands and empty answers pass by", async () => {
    const empty = new Response(null, { status: 204 });
    const line = createLine(async () => empty);
    expect(await line.fetch("/stream", {})).toBe(empty);
    const accepted = new Response("{}");
    expect(await createLine(async () => accepted).fetch("/cancel", { method: "POST" })).toBe(accepted);
    expect(line.getState().made).toBe(0);
  });

  test("tells who listens, until they do not want to hear more", async () => {
    const line = createLine(server().answer);
    const listener = vi.fn();
    const end = line.subscribe(listener);
    line.stall();
    line.stall();
    expect(listener).toHaveBeenCalledOnce();
    line.flow();
    end();
    line.stall();
    expect(listener).toHaveBeenCalledTimes(2);
  });
});
