// @vitest-environment node
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Headway } from "../src/headway.ts";
import { createList, type ListHandle } from "../src/list.ts";
import type { RunSearch } from "../src/wire.ts";
import { type TestEnvironment, testEnvironment, until } from "./support/environment.ts";
import { ListServer, summary } from "./support/lists.ts";
import { problem } from "./support/server.ts";

let environment: TestEnvironment;
let server: ListServer;
let list: ListHandle;
let ends: (() => void)[];

beforeEach(() => {
  environment = testEnvironment();
  ends = [];
});

afterEach(async () => {
  for (const end of ends) end();
  environment.advance(1_000);
  await server.close();
  expect(environment.pending()).toBe(0);
});

async function watch(count: number, query: RunSearch = {}): Promise<void> {
  server = await new ListServer(count).listen();
  list = createList(new Headway({ baseUrl: server.url, environment }), query);
  ends.push(list.subscribe(() => {}, 0));
}

const ids = () => list.getSnapshot().runs?.map(({ id }) => Number(id.slice(4))) ?? [];
const live = () => until(() => list.getSnapshot().connection.state === "live" && server.watching === 1, "live");
const shows = (...wanted: number[]) => until(() => `${ids()}` === `${wanted}`, `${wanted}, not ${ids()}`);
/** The page has come from which the next one can be asked for. */
const paged = (last: number) => until(() => list.getSnapshot().next === summary(last).id, "the next page");
const fresh = (wanted: number) => until(() => list.getSnapshot().fresh === wanted, `${wanted} new`);

describe("a list", () => {
  test("shows a page, and changes its rows where they stand", async () => {
    await watch(5, { limit: 3 });
    await shows(5, 4, 3);
    await live();
    await paged(3);
    const [before] = list.getSnapshot().runs ?? [];
    server.change(4, { percent: 60 });
    await until(() => list.getSnapshot().runs?.[1]?.percent === 60, "60 %");
    expect(ids()).toEqual([5, 4, 3]);
    expect(list.getSnapshot().runs?.[0]).toBe(before);
  });

  test("counts what is new, and shows it when somebody asks", async () => {
    await watch(4, { limit: 3 });
    await live();
    await paged(2);
    server.begin(5, 6);
    await fresh(2);
    expect(ids()).toEqual([4, 3, 2]);
    server.change(2, { percent: 99 }); // not among the three newest any more
    await until(() => list.getSnapshot().runs?.[2]?.percent === 99, "99 %");
    await list.showFresh();
    expect(ids()).toEqual([6, 5, 4]);
    expect(list.getSnapshot()).toMatchObject({ fresh: 0, next: summary(4).id });
  });

  test("that is empty shows the first run at once", async () => {
    await watch(0);
    await live();
    await until(() => list.getSnapshot().runs?.length === 0, "nothing");
    server.begin(1);
    await shows(1);
    expect(list.getSnapshot().fresh).toBe(0);
  });

  test("whose last run left it shows the next one at once", async () => {
    await watch(1, { status: "running" });
    await live();
    await shows(1);
    server.rows = [summary(2)];
    server.tell(server.rows, [summary(1).id]);
    await shows(2);
    expect(list.getSnapshot().fresh).toBe(0);
  });

  test("lets go of a run that does not belong to it any more", async () => {
    await watch(4, { limit: 3, status: "running" });
    await live();
    await shows(4, 3, 2);
    server.drop(3);
    await shows(4, 2);
    expect(server.streams[0]?.query.getAll("status")).toEqual(["running"]);
  });

  test("keeps a run that many newer ones moved down", async () => {
    await watch(3, { limit: 2 });
    await live();
    await paged(2);
    server.begin(4, 5, 6, 7);
    server.tell([], [summary(3).id, summary(2).id, summary(1).id]); // four are known, twice as many as are shown
    await fresh(4);
    server.cut();
    await until(() => list.getSnapshot().connection.state === "backoff", "backoff");
    environment.advance(1_000);
    await live();
    expect(ids()).toEqual([3, 2]);
    expect(list.getSnapshot().fresh).toBe(4);
  });

  test("does not go back behind what the stream told", async () => {
    await watch(1);
    await live();
    server.change(1, { percent: 80 });
    await until(() => list.getSnapshot().runs?.[0]?.percent === 80, "80 %");
    server.rows = [summary(1)];
    await list.showFresh();
    expect(list.getSnapshot().runs?.[0]?.percent).toBe(80);
  });
});

test("what a list is not asked for is in no request", async () => {
  await watch(2, { job: undefined } as unknown as RunSearch);
  await live();
  await until(() => server.pages.length === 1, "a look");
  expect(server.seen.filter(({ query }) => query.has("job"))).toEqual([]);
});

describe("a list that looks for runs", () => {
  const looks = () => server.pages.length;
  const looked = (count: number) => until(() => looks() === count, `${count} requests, not ${looks()}`);

  /** Trips 1 to `count`, of which some are to Rome. */
  async function search(count: number, roman: number[], query: RunSearch = {}, lookedAt = 1_000): Promise<void> {
    server = await new ListServer(count).listen();
    server.lookedAt = lookedAt;
    for (const n of roman) server.change(n, { title: "Rome" });
    list = createList(new Headway({ baseUrl: server.url, environment }), { q: "Rome", ...query });
    ends.push(list.subscribe(() => {}, 0));
  }

  test("asks for them again and again, and opens no stream", async () => {
    await search(5, [4, 1]);
    await shows(4, 1);
    await until(() => list.getSnapshot().connection.state === "live", "live");
    expect(list.getSnapshot()).toMatchObject({ fresh: 0, next: null, incomplete: false });
    expect(looks()).toBe(1);
    server.change(1, { percent: 70 });
    environment.advance(2_900);
    expect(looks()).toBe(1);
    environment.advance(100);
    await until(() => list.getSnapshot().runs?.[1]?.percent === 70, "70 %");
    expect(server.streams).toHaveLength(0);
    expect(server.pages.every(({ query }) => query.get("q") === "Rome")).toBe(true);
  });

  test("counts what is found anew, and lets go of what is not found any more", async () => {
    await search(3, [3, 2]);
    await shows(3, 2);
    server.begin(4);
    server.change(4, { title: "Rome again" });
    server.drop(3);
    environment.advance(3_000);
    await shows(2);
    expect(list.getSnapshot().fresh).toBe(1);
    await list.showFresh();
    expect(ids()).toEqual([4, 2]);
    expect(list.getSnapshot().fresh).toBe(0);
  });

  test("goes on behind pages that are empty", async () => {
    await search(9, [2, 1], {}, 3);
    await shows(2, 1);
    expect(list.getSnapshot()).toMatchObject({ next: null, incomplete: false });
    expect(server.pages.map(({ query }) => query.get("page"))).toEqual([null, summary(7).id, summary(4).id]);
  });

  test("ends after five pages, says so, and goes on where it is asked to", async () => {
    await search(12, [10, 1], {}, 2);
    await shows(10);
    expect(list.getSnapshot()).toMatchObject({ next: summary(3).id, incomplete: true });
    await looked(5);
    const older = createList(new Headway({ baseUrl: server.url, environment }), { q: "Rome", page: summary(3).id });
    ends.push(older.subscribe(() => {}, 0));
    await until(() => older.getSnapshot().runs?.length === 1, "the other");
    expect(older.getSnapshot()).toMatchObject({ next: null, incomplete: false });
  });

  test("that went through many pages comes back the later", async () => {
    await search(9, [1], {}, 3);
    await looked(3);
    await shows(1);
    environment.advance(8_900);
    expect(looks()).toBe(3);
    environment.advance(100);
    await looked(6);
  });

  test("that is full is not incomplete: older ones are the next page", async () => {
    await search(9, [9, 8, 7], { limit: 2 });
    await shows(9, 8);
    expect(list.getSnapshot()).toMatchObject({ next: summary(8).id, incomplete: false });
  });

  test("keeps a run that is too far down to be looked at again", async () => {
    await search(10, [10, 1], {}, 2);
    await shows(10, 1);
    server.begin(11, 12);
    environment.advance(15_000);
    await looked(10);
    await until(() => list.getSnapshot().connection.state === "live", "live");
    expect(ids()).toEqual([10, 1]);
  });

  test("finds nothing, and shows what is found later at once", async () => {
    await search(2, []);
    await until(() => list.getSnapshot().runs?.length === 0, "nothing");
    server.change(1, { title: "Rome" });
    environment.advance(3_000);
    await shows(1);
    expect(list.getSnapshot().fresh).toBe(0);
  });

  test("says why it cannot look, and looks again when it is asked to", async () => {
    server = await new ListServer(1).listen();
    const { script } = server;
    server.script = (_seen, response) => problem(response, 400, "invalid_query", "q: too long");
    list = createList(new Headway({ baseUrl: server.url, environment }), { q: "Trip" });
    ends.push(list.subscribe(() => {}, 0));
    await until(() => list.getSnapshot().error !== null, "an error");
    server.script = script;
    list.reconnect();
    await shows(1);
  });

  test("with nothing to be looked for is the live list", async () => {
    await watch(2, { q: " " });
    await live();
    await shows(2, 1);
  });
});

describe("the connection of a list", () => {
  test("comes back after a cut, and shows what happened meanwhile", async () => {
    await watch(2);
    await live();
    await until(() => server.pages.length === 1, "a look");
    await list.showFresh();
    server.cut();
    await until(() => list.getSnapshot().connection.state === "backoff", "backoff");
    server.change(1, { status: "succeeded" });
    server.begin(3);
    environment.advance(1_000);
    await until(() => list.getSnapshot().runs?.[1]?.status === "succeeded", "the end");
    expect(list.getSnapshot()).toMatchObject({ fresh: 1, error: null });
    expect(ids()).toEqual([2, 1]);
  });

  test("polls when streams are switched off, without an error, and no more often than it makes sense", async () => {
    await watch(2);
    await live();
    server.switchOff();
    await until(() => list.getSnapshot().connection.transport === "poll", "polling");
    await until(() => server.pages.length === 2, "a look");
    server.change(1, { percent: 50 });
    server.begin(3);
    const [looks, since] = [server.pages.length, environment.now()];
    const later = (isSo: () => boolean) => {
      environment.advance(50);
      return isSo();
    };
    await until(() => later(() => list.getSnapshot().runs?.[1]?.percent === 50), "50 %");
    await until(() => later(() => environment.now() - since >= 10_000), "some seconds");
    expect(list.getSnapshot().fresh).toBe(1);
    expect(server.pages.length - looks).toBeLessThanOrEqual((environment.now() - since) / 3_000 + 1);
    expect(list.getSnapshot().connection.trouble).toBeNull();
    await list.showFresh();
    expect(ids()).toEqual([3, 2, 1]);
  });

  test("is one for all views, and closes a moment after the last", async () => {
    await watch(2);
    ends.push(list.subscribe(() => {}));
    await live();
    ends[0]?.();
    ends[0]?.();
    environment.advance(5_000);
    expect(server.watching).toBe(1);
    ends[1]?.();
    environment.advance(900);
    ends.push(list.subscribe(() => {}));
    environment.advance(5_000);
    expect(server.watching).toBe(1);
    ends[2]?.();
    environment.advance(1_000);
    await until(() => server.watching === 0, "nobody");
    expect(server.streams).toHaveLength(1);
  });

  test("of a later page is none: it is looked at", async () => {
    await watch(5, { limit: 2, page: summary(4).id });
    await shows(3, 2);
    expect(list.getSnapshot()).toMatchObject({ fresh: 0, next: summary(2).id });
    server.change(2, { percent: 70 });
    environment.advance(3_000);
    await until(() => list.getSnapshot().runs?.[1]?.percent === 70, "70 %");
    expect(server.streams).toHaveLength(0);
    const looks = server.pages.length;
    list.reconnect();
    await until(() => server.pages.length > looks, "a look at once");
  });

  test("says why it cannot be shown, and tries again when it is asked to", async () => {
    server = await new ListServer(1).listen();
    const { script } = server;
    server.script = (_seen, response) => problem(response, 403, "forbidden", "These runs are not yours");
    list = createList(new Headway({ baseUrl: server.url, environment }));
    ends.push(list.subscribe(() => {}, 0));
    await until(() => list.getSnapshot().error !== null, "an error");
    expect(list.getSnapshot().error).toMatchObject({ category: "forbidden", message: "These runs are not yours" });
    expect(list.getSnapshot().runs).toBeNull();
    server.script = script;
    list.reconnect();
    await shows(1);
    expect(list.getSnapshot().error).toBeNull();
  });
});
