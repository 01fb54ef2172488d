// @vitest-environment node
import { IDBFactory, IDBObjectStore } from "fake-indexeddb";
import { describe, expect, test, vi } from "vitest";
import { until } from "../support/environment.ts";
import * as scene from "../support/outbox.ts";
import { answers, ids, keys, ORIGIN, open, queue, refuse, sentKeys, shows, stored } from "../support/outbox.ts";

const settled = () => new Promise((resolve) => setTimeout(resolve, 30));

describe("a page that is loaded anew", () => {
  test("sends what the one before it had queued, in order, and tells", async () => {
    answers(() => {
      throw new TypeError("Failed to fetch");
    });
    const before = open();
    queue(before, "a", "b", "c");
    await until(() => ids(before).length === 3 && before.getSnapshot().entries[0]?.tries === 1, "three commands");
    before.close();
    scene.told.length = 0;
    answers(({ key }) => Response.json(key));
    scene.environment.advance(30_000);
    const after = open();
    await sentKeys("a", "a", "b", "c");
    await shows(after);
    expect(scene.told.map(({ id, answer }) => [id, answer])).toEqual([
      ["a", "a"],
      ["b", "b"],
      ["c", "c"],
    ]);
  });

  test("sends again, with the same key, what was answered to a page that died before it noted that", async () => {
    const deleting = vi.spyOn(IDBObjectStore.prototype, "delete").mockImplementation(() => {
      throw new DOMException("the page is gone", "AbortError");
    });
    const before = open();
    queue(before, "a");
    await sentKeys("a");
    await shows(before);
    before.close();
    await settled(); // it is dead, not only closed
    deleting.mockRestore();
    expect(await stored()).toContain('"a"');
    const after = open();
    await sentKeys("a", "a");
    await shows(after);
    expect(await stored()).toBe("[]");
  });
});

test("a page that leaves while it waits for its turn takes it from nobody", async () => {
  let giveBack = () => {};
  const own = new Promise<void>((resolve) => {
    giveBack = resolve;
  });
  const sending = navigator.locks.request(scene.title, () => own);
  const page = open();
  queue(page, "a");
  const mine = (all: LockInfo[] | undefined) => all?.filter((lock) => lock.name === scene.title).length;
  await until(() => ids(page).length === 1, "a command");
  while (mine((await navigator.locks.query()).pending) !== 1) await settled();
  page.close();
  await settled();
  expect(mine((await navigator.locks.query()).held)).toBe(1);
  giveBack();
  await sending; // not stolen
  expect(keys()).toEqual([]);
});

describe.each(["with", "without"])("two pages, %s locks", (locks) => {
  const pair = () => {
    if (locks === "without") vi.stubGlobal("navigator", {});
    return [open(), open()] as const;
  };

  test("send each command once, in order, and each page gets the answers to its own", async () => {
    answers(({ key }) => Response.json(key));
    const [one, two] = pair();
    const names = [...Array(8).keys()].map(String);
    const sends = names.map(async (name, n) => {
      for (let turn = 0; turn < n; turn++) await settled();
      return (n % 2 ? one : two).send({ url: `${ORIGIN}/api/x`, id: name });
    });
    expect(await Promise.all(sends)).toEqual(names);
    expect(keys()).toEqual(names);
    await shows(one);
    await shows(two);
  });

  test("show the same, and a refusal reaches the page that asked with its error", async () => {
    answers(() => refuse(422, { "Retry-After": "1" }, "invalid_input"));
    const [one, two] = pair();
    const refused = expect(one.send({ url: `${ORIGIN}/api/x` })).rejects.toMatchObject({
      ...{ name: "HeadwayError", category: "invalid", message: "no, 422", status: 422, retryAfterMs: 1000 },
      problem: { code: "invalid_input" },
    });
    await refused;
    await shows(two);
    await until(() => scene.told.length === 2, "both told");
  });

  test("wait together after a failure", async () => {
    answers((_command, n) => (n === 1 ? refuse(503) : Response.json(n)));
    const [one, two] = pair();
    queue(one, "a");
    await until(() => two.getSnapshot().entries[0]?.tries === 1, "a try");
    scene.environment.advance(499);
    await settled();
    expect(keys()).toEqual(["a"]);
    scene.environment.advance(1);
    await sentKeys("a", "a");
    await shows(one);
    await shows(two);
    await settled();
    expect(keys()).toEqual(["a", "a"]);
  });

  test("of which one dies: the other goes on", async () => {
    answers((_command, n) => (n === 1 ? new Promise(() => {}) : Response.json(n)));
    if (locks === "without") vi.stubGlobal("navigator", {});
    const one = open({ environment: { ...scene.environment, setTimeout: () => 0 } });
    queue(one, "a", "b");
    await sentKeys("a");
    const two = open();
    await shows(two, "a", "b");
    one.close();
    // Without locks, what the dead one was sending counts as sent for as long as it may take.
    if (locks === "without") scene.environment.advance(30_000);
    await until(() => keys().slice(-2).join() === "a,b", "the other");
    await shows(two);
  });
});

describe("a page that is kept for the back button", () => {
  test("lets others send and lets go of the database; when it comes back it goes on", async () => {
    const window = new EventTarget();
    answers((_command, n) => (n === 1 ? new Promise(() => {}) : Response.json(n)));
    vi.stubGlobal("window", window);
    const kept = open();
    vi.stubGlobal("window", undefined);
    const unheard = kept.send({ url: `${ORIGIN}/api/a`, id: "a" });
    await sentKeys("a");
    window.dispatchEvent(new Event("pagehide"));
    const other = open();
    await sentKeys("a", "a");
    await shows(other);
    queue(other, "b");
    await sentKeys("a", "a", "b");
    scene.environment.advance(30_000);
    await settled();
    const missed = expect(unheard).rejects.toMatchObject({ category: "aborted", message: /while this page was away/ });
    window.dispatchEvent(new Event("pageshow"));
    await shows(kept);
    scene.environment.advance(1_000);
    await missed;
    window.dispatchEvent(new Event("pageshow")); // the first of a page that was never away
    other.close();
    queue(kept, "c");
    await sentKeys("a", "a", "b", "c");
  });

  test("does not keep a later version from changing the database", async () => {
    const window = new EventTarget();
    vi.stubGlobal("window", window);
    const page = open();
    await page.send({ url: `${ORIGIN}/api/a` });
    window.dispatchEvent(new Event("pagehide"));
    const deleted = indexedDB.deleteDatabase(scene.title);
    const blocked = vi.fn();
    deleted.onblocked = blocked;
    await until(() => deleted.readyState === "done", "the database is deleted");
    expect(blocked).not.toHaveBeenCalled();
  });
});

describe("a lock", () => {
  test("that a stuck page holds is taken from it", async () => {
    let free = () => {};
    const stuck = navigator.locks
      .request(
        scene.title,
        () =>
          new Promise<void>((resolve) => {
            free = resolve;
          }),
      )
      .catch(() => {});
    const page = open();
    queue(page, "a");
    await shows(page, "a");
    await until(() => scene.environment.pending() > 0, "it waits");
    scene.environment.advance(59_999);
    await settled();
    expect(keys()).toEqual([]);
    scene.environment.advance(1);
    await sentKeys("a");
    free();
    await stuck;
  });

  test("is not waited for where locks are forbidden", async () => {
    const request = () => Promise.reject(new DOMException("no locks here", "SecurityError"));
    vi.stubGlobal("navigator", { locks: { request } });
    queue(open(), "a");
    await sentKeys("a");
  });
});

describe("a browser that stores nothing", () => {
  test("has an outbox in memory, and says so", async () => {
    vi.stubGlobal("indexedDB", undefined);
    answers((_command, n) => (n === 1 ? refuse(503) : Response.json(n)));
    const page = open();
    queue(page, "a", "b");
    await shows(page, "a", "b");
    expect(page.getSnapshot().durable).toBe(false);
    await until(() => page.getSnapshot().entries[0]?.tries === 1, "a try");
    scene.environment.advance(1_000);
    await sentKeys("a", "a", "b");
    await shows(page);
  });

  test("because its database never opens is not waited for twice", async () => {
    vi.stubGlobal("indexedDB", { open: () => ({}) });
    const page = open();
    queue(page, "a");
    await settled();
    scene.environment.advance(3_000);
    for (let n = 0; keys().length === 0 && n < 50; n++) {
      await settled();
      scene.environment.advance(0);
    }
    expect(keys()).toEqual(["a"]);
  });

  test("because its disk is full sends all the same, in order, and says so", async () => {
    answers(() => refuse(503));
    const page = open();
    queue(page, "a");
    await shows(page, "a");
    const put = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
      throw new DOMException("the disk is full", "QuotaExceededError");
    });
    queue(page, "b");
    await shows(page, "a", "b");
    expect(page.getSnapshot().durable).toBe(false);
    put.mockRestore();
    queue(page, "c");
    await shows(page, "a", "b", "c");
    expect(await stored()).toContain('"a"');
    expect(await stored()).not.toMatch(/"[bc]"/);
    answers(({ key }) => Response.json(key));
    scene.environment.advance(30_000);
    await until(() => keys().slice(-3).join() === "a,b,c", "all three");
    await shows(page);
    expect(page.getSnapshot().durable).toBe(true);
    expect(await stored()).toBe("[]");
  });
});

describe("a database", () => {
  test("that a page of a later version changes is let go of; what comes then is in memory", async () => {
    const page = open();
    await page.send({ url: `${ORIGIN}/api/a`, id: "a" });
    const opening = indexedDB.open(scene.title, 2);
    const blocked = vi.fn();
    opening.onblocked = blocked;
    await until(() => opening.readyState === "done", "the later version");
    expect(blocked).not.toHaveBeenCalled();
    expect(await page.send({ url: `${ORIGIN}/api/b`, id: "b" })).toEqual({ done: true });
    expect(page.getSnapshot().durable).toBe(false);
    opening.result.close();
  });

  test("that was cleared is made anew", async () => {
    const page = open();
    await page.send({ url: `${ORIGIN}/api/a`, id: "a" });
    await settled();
    vi.stubGlobal("indexedDB", new IDBFactory());
    // What a browser tells a page whose data the user deleted.
    const request = vi.spyOn(IDBObjectStore.prototype, "getAll").mockImplementationOnce(() => {
      throw new DOMException("the connection is closing", "InvalidStateError");
    });
    await page.send({ url: `${ORIGIN}/api/b`, id: "b" });
    expect(request).toHaveBeenCalled();
    expect(keys()).toEqual(["a", "b"]);
    expect(page.getSnapshot().durable).toBe(true);
  });
});
