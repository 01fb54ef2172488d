// @vitest-environment node
import { describe, expect, test, vi } from "vitest";
import { HeadwayError } from "../../src/errors.ts";
import { testEnvironment, until } from "../support/environment.ts";
import * as scene from "../support/outbox.ts";
import { answers, ids, keys, ORIGIN, open, queue, refuse, sentKeys, shows, stored } from "../support/outbox.ts";

const settled = () => new Promise((resolve) => setTimeout(resolve, 30));

describe("a command", () => {
  test("is sent with its id, shown until it is answered, and its promise is the answer", async () => {
    let free = () => {};
    answers(async () => {
      await new Promise<void>((resolve) => {
        free = resolve;
      });
      return Response.json({ seq: 4 });
    });
    const page = open({ headers: { "X-Tenant": "ada" }, getToken: () => "s3cret" });
    const changes = vi.fn();
    const end = page.subscribe(changes);
    const answer = page.send({ url: `${ORIGIN}/api/book`, id: "book-1", label: "Book", body: { seat: "4a" } });
    await until(() => page.getSnapshot().entries[0]?.state === "sending", "sending");
    const now = scene.environment.now();
    expect(page.getSnapshot()).toEqual({
      durable: true,
      entries: [
        {
          ...{ id: "book-1", label: "Book", url: `${ORIGIN}/api/book`, run: null, state: "sending", tries: 0 },
          ...{ createdAt: now, expiresAt: now + 86_400_000, retryAt: null, trouble: null },
        },
      ],
    });
    expect(await stored()).toContain("4a");
    expect(await stored()).not.toMatch(/s3cret|ada/);
    await until(() => scene.sent.length === 1, "a request");
    free();
    expect(await answer).toEqual({ seq: 4 });
    await shows(page);
    expect(await stored()).toBe("[]");
    expect(scene.sent).toMatchObject([{ path: "/api/book", key: "book-1", body: { seat: "4a" } }]);
    expect(scene.sent[0]?.headers).toMatchObject({ "X-Tenant": "ada", Authorization: "Bearer s3cret" });
    expect(scene.told).toMatchObject([{ id: "book-1", label: "Book", answer: { seq: 4 }, error: null }]);
    expect(page.getSnapshot()).toBe(page.getSnapshot());
    const seen = changes.mock.calls.length;
    end();
    answers(() => Response.json(1));
    await page.send({ url: `${ORIGIN}/api/book` });
    expect(changes.mock.calls.length).toBe(seen);
    expect(keys()[1]).toMatch(/^[0-9a-f]{32}$/);
  });

  test("without an answer's body is answered by null", async () => {
    answers(() => new Response(null, { status: 204 }));
    expect(await open().send({ url: `${ORIGIN}/api/book` })).toBeNull();
  });

  test("under an id that is queued already is the same command", async () => {
    answers((_command, n) => (n === 1 ? refuse(503) : Response.json(n)));
    const page = open();
    const both = [1, 2].map(() => page.send({ url: `${ORIGIN}/api/book`, id: "once" }));
    await until(() => ids(page).length === 1 && page.getSnapshot().entries[0]?.tries === 1, "a try");
    scene.environment.advance(1_000);
    expect(await Promise.all(both)).toEqual([2, 2]);
    expect(keys()).toEqual(["once", "once"]);
  });

  test("to a run goes where the run is", async () => {
    const page = open();
    await page.cancel("run_1", { reason: "enough", attempt: 2, id: "c" });
    await page.retry("run_1", { seq: 7, items: ["day:1"], id: "r" });
    await page.answer(`${ORIGIN}/headway/v1/runs/run_2/stream`, "ask_1", { yes: true }, { id: "a", label: "Yes" });
    expect(scene.sent).toMatchObject([
      { path: "/headway/v1/runs/run_1/cancel", key: "c", body: { reason: "enough", attempt: 2 } },
      { path: "/headway/v1/runs/run_1/retry", key: "r", body: { seq: 7, items: ["day:1"] } },
      { path: "/headway/v1/runs/run_2/input", key: "a", body: { ask_id: "ask_1", data: { yes: true } } },
    ]);
    expect(scene.told.map(({ label, run }) => [label, run])).toEqual([
      ["Cancel", "run_1"],
      ["Try again", "run_1"],
      ["Yes", `${ORIGIN}/headway/v1/runs/run_2/stream`],
    ]);
  });

  test.each([
    ["of another origin", { url: "https://evil.example/x" }, "another origin"],
    ["with an id no header can hold", { url: `${ORIGIN}/x`, id: "ä" }, "ASCII"],
    ["that creates a run without an id", { url: `${ORIGIN}/headway/v1/jobs/trip/runs` }, "creates a run"],
    ["that opens a run without an id", { url: `${ORIGIN}/headway/v1/runs` }, "creates a run"],
    ["to what is no address", { url: "https://" }, "https:// is no address"],
    ["that is no JSON", { url: `${ORIGIN}/x`, body: { seats: 4n } }, "cannot be written as JSON"],
  ])("%s is refused at once", async (_what, command, words) => {
    const page = open();
    const refused = page.send(command);
    await expect(refused).rejects.toThrow(words);
    await expect(refused).rejects.toMatchObject({ category: "invalid", problem: { code: "usage" } });
    expect(ids(page)).toEqual([]);
  });

  test("that creates a run with an id is sent", async () => {
    await open().send({ url: `${ORIGIN}/headway/v1/jobs/trip/runs`, id: "order-17", body: { input: {} } });
    expect(keys()).toEqual(["order-17"]);
  });

  test("to what is only a stream is refused at once", async () => {
    await expect(open().cancel("/trips/1/live", { attempt: 1 })).rejects.toThrow("only a stream");
  });
});

describe("the order", () => {
  test.each([401, 408, 425, 429, 500, 503])("is kept while the first is answered %i", async (status) => {
    answers((_command, n) => (n <= 2 ? refuse(status) : Response.json(n)));
    const page = open();
    queue(page, "a", "b", "c");
    await until(() => page.getSnapshot().entries[0]?.tries === 1, "a try");
    expect(page.getSnapshot().entries[0]).toMatchObject({ state: "queued", trouble: `no, ${status}` });
    scene.environment.advance(499);
    await settled();
    expect(keys()).toEqual(["a"]);
    scene.environment.advance(1);
    await until(() => page.getSnapshot().entries[0]?.tries === 2, "another");
    scene.environment.advance(1_000);
    await sentKeys("a", "a", "a", "b", "c");
    await shows(page);
  });

  test("is kept while there is no network, and while something else answers in the server's place", async () => {
    answers((_command, n) => {
      if (n === 1) throw new TypeError("Failed to fetch");
      if (n === 2) return new Response("<h1>Sign in</h1>", { headers: { "Content-Type": "text/html" } });
      if (n === 3) return new Response("no such page", { status: 404 });
      return Response.json(n);
    });
    const page = open();
    const first = page.cancel("run_1", { attempt: 1, id: "a" });
    queue(page, "b");
    for (const tries of [1, 2, 3]) {
      await until(() => page.getSnapshot().entries[0]?.tries === tries, `try ${tries}`);
      scene.environment.advance(8_000);
    }
    expect(await first).toBe(4);
    await sentKeys("a", "a", "a", "a", "b");
  });

  test("goes on behind what is refused; that is told with its error", async () => {
    answers(({ key }) => (key === "b" ? refuse(409, {}, "conflict") : Response.json(key)));
    const page = open();
    queue(page, "a");
    const refused = page.send({ url: `${ORIGIN}/api/b`, id: "b" });
    queue(page, "c");
    await expect(refused).rejects.toMatchObject({ category: "conflict", message: "no, 409", status: 409 });
    await sentKeys("a", "b", "c");
    await shows(page);
    expect(scene.told.map(({ id, answer, error }) => [id, answer, error?.category])).toEqual([
      ["a", "a", undefined],
      ["b", null, "conflict"],
      ["c", "c", undefined],
    ]);
  });

  test("goes on behind an application's 404, and a run that is not there", async () => {
    answers(({ key }) => (key === "run" ? refuse(404, {}, "run_not_found") : refuse(404)));
    const page = open();
    await expect(page.send({ url: `${ORIGIN}/api/x`, id: "own" })).rejects.toMatchObject({ category: "not_found" });
    await expect(page.cancel("run_1", { attempt: 1, id: "run" })).rejects.toMatchObject({ category: "not_found" });
  });
});

describe("waiting", () => {
  test("ends when the network is back, but not before the server wants", async () => {
    answers((_command, n) => (n === 1 ? refuse(503, { "Retry-After": "5" }) : Response.json(n)));
    scene.environment.chance = 1;
    const page = open({ backoffMs: [60_000] });
    queue(page, "a");
    await until(() => page.getSnapshot().entries[0]?.tries === 1, "a try");
    expect(page.getSnapshot().entries[0]?.retryAt).toBe(scene.environment.now() + 60_000);
    scene.environment.wake("online");
    await settled();
    scene.environment.advance(4_999);
    await settled();
    expect(keys()).toEqual(["a"]);
    scene.environment.advance(1);
    await sentKeys("a", "a");
  });

  test("ends when the application asks", async () => {
    answers((_command, n) => (n === 1 ? refuse(500) : Response.json(n)));
    scene.environment.chance = 1;
    const page = open({ backoffMs: [60_000] });
    queue(page, "a");
    await until(() => page.getSnapshot().entries[0]?.tries === 1, "a try");
    scene.environment.advance(1_000);
    page.wake();
    await sentKeys("a", "a");
  });

  test("ends with the command's time: it is dropped and told, and those behind it go on", async () => {
    answers(({ key }) => (key === "old" ? refuse(503) : Response.json(key)));
    const page = open({}, { ttlMs: 10_000 });
    const old = page.send({ url: `${ORIGIN}/api/old`, id: "old" });
    const end = expect(old).rejects.toMatchObject({ category: "timeout", message: /given up/ });
    page.send({ url: `${ORIGIN}/api/new`, id: "new", ttlMs: 60_000 }).catch(() => {});
    for (let n = 0; n < 40 && !keys().includes("new"); n++) {
      scene.environment.advance(1_000);
      await settled();
    }
    await end;
    expect(keys().at(-1)).toBe("new");
    expect(scene.told.map(({ id, error }) => [id, error?.category])).toEqual([
      ["old", "timeout"],
      ["new", undefined],
    ]);
  });

  test("for an answer has an end, too", async () => {
    answers((_command, n) => (n === 1 ? new Promise(() => {}) : Response.json(n)));
    const page = open();
    queue(page, "a");
    await sentKeys("a");
    scene.environment.advance(30_000);
    await until(() => page.getSnapshot().entries[0]?.tries === 1, "a time-out");
    expect(page.getSnapshot().entries[0]?.trouble).toBe("The server does not answer.");
    scene.environment.advance(500);
    await sentKeys("a", "a");
    await shows(page);
  });
});

describe("taking back", () => {
  test("one command, or all of them", async () => {
    answers(() => refuse(503));
    const page = open();
    queue(page, "a");
    const second = page.send({ url: `${ORIGIN}/api/b`, id: "b" });
    queue(page, "c");
    await shows(page, "a", "b", "c");
    const end = expect(second).rejects.toMatchObject({ category: "aborted", message: "It was taken back." });
    await page.remove("b");
    await end;
    expect(ids(page)).toEqual(["a", "c"]);
    await page.clear();
    expect(ids(page)).toEqual([]);
    expect(await stored()).toBe("[]");
  });

  test("one that is being sent does not bring it back when it fails", async () => {
    let fail = () => {};
    answers(
      () =>
        new Promise((resolve) => {
          fail = () => resolve(refuse(503));
        }),
    );
    const page = open();
    queue(page, "a");
    await sentKeys("a");
    await page.remove("a");
    fail();
    await settled();
    expect(ids(page)).toEqual([]);
  });
});

describe("an application's mistakes", () => {
  test("in a listener are reported, and hold up nothing", async () => {
    const mistakes: unknown[] = [];
    vi.stubGlobal("queueMicrotask", (task: () => void) => {
      try {
        task();
      } catch (mistake) {
        mistakes.push(mistake);
      }
    });
    const page = open();
    page.onSettled(() => {
      throw new Error("oops");
    });
    page.subscribe(() => {
      throw new Error("again");
    });
    queue(page, "a", "b");
    await sentKeys("a", "b");
    await shows(page);
    expect(mistakes.map(String)).toContain("Error: oops");
    expect(mistakes.map(String)).toContain("Error: again");
  });

  test("a closed outbox takes nothing, and lets go of who waits", async () => {
    answers(() => refuse(503));
    const page = open();
    const waiting = page.send({ url: `${ORIGIN}/api/a` });
    const end = expect(waiting).rejects.toThrow("closed");
    await until(() => ids(page).length === 1, "an entry");
    page.close();
    await end;
    await expect(page.send({ url: `${ORIGIN}/api/b` })).rejects.toBeInstanceOf(HeadwayError);
    expect(scene.environment.listening()).toBe(0);
  });

  test("who wants no more to be told is not", async () => {
    const page = open();
    const listener = vi.fn();
    page.onSettled(listener)();
    await page.send({ url: `${ORIGIN}/api/a` });
    expect(listener).not.toHaveBeenCalled();
    expect(scene.told).toHaveLength(1);
  });
});

test("an application's own fetch is used, and short commands outlive their page", async () => {
  const fetch = vi.fn(async () => Response.json(1));
  const page = open({ fetch, environment: testEnvironment() });
  await page.send({ url: `${ORIGIN}/api/a`, body: { short: true } });
  await page.send({ url: `${ORIGIN}/api/a`, body: { long: "x".repeat(20_000) } });
  const kept = fetch.mock.calls.map((call) => (call as unknown as [string, RequestInit])[1].keepalive);
  expect(kept).toEqual([true, false]);
});
