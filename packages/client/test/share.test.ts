// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RunEvent, Snapshot } from "../src/contract.gen.ts";
import { Headway } from "../src/headway.ts";
import { createList } from "../src/list.ts";
import { share } from "../src/share.ts";
import { createChannel, type How, type Message } from "../src/sharing/messages.ts";
import { type TestEnvironment, testEnvironment, until } from "./support/environment.ts";
import { expectSame } from "./support/equal.ts";
import { begun, type Log } from "./support/log.ts";
import { ManyServer } from "./support/many.ts";

/** One page of a browser, as far as sharing goes. */
class Tab {
  readonly environment: TestEnvironment = testEnvironment();
  readonly page = new EventTarget();
  readonly headway: Headway;
  readonly seqs: number[] = [];
  readonly #ends: (() => void)[] = [];
  readonly #run: string;

  constructor(run = "run_a") {
    this.#run = run;
    const stream = share({ name, page: this.page });
    this.headway = new Headway({ baseUrl: server.url, environment: this.environment, stream });
    this.#ends.push(this.run.on("*", ({ seq }: RunEvent) => this.seqs.push(seq)));
    tabs.push(this);
  }

  get run() {
    return this.headway.run(this.#run);
  }

  get state(): string {
    return this.run.getSnapshot().connection.state;
  }

  get log(): Log {
    return server.logs.get(this.#run) as Log;
  }

  get isUpToDate(): boolean {
    const { run } = this.run.getSnapshot();
    return run !== null && run.cursor === this.log.cursor();
  }

  /** Go to the back/forward cache. */
  hide(): void {
    this.page.dispatchEvent(new Event("pagehide"));
  }

  /** Come back from it. */
  show(): void {
    this.page.dispatchEvent(new Event("pageshow"));
  }

  leave(): void {
    for (const end of this.#ends.splice(0)) end();
    this.environment.advance(1_000);
  }

  expectTruth(): void {
    expectSame(this.run.getSnapshot().run, this.log.snapshot(), "what is shown");
    expect(this.seqs).toEqual([...new Set(this.seqs)].sort((a, b) => a - b));
  }
}

let name = "";
let server: ManyServer;
let tabs: Tab[];

beforeEach(async () => {
  name = crypto.randomUUID();
  server = await new ManyServer(begun("run_a"), begun("run_b")).listen();
  tabs = [];
});

afterEach(async () => {
  for (const tab of tabs) {
    tab.leave();
    tab.hide();
  }
  await server.close();
});

/**
 * Let the timers of all tabs run that are due within `ms`, until something is so. Messages take real time: of a second
 * or two there has to be some, or nobody's answer is in time.
 */
function passing(isSo: () => boolean, what: string, ms = 20): Promise<void> {
  let looks = 0;
  return until(() => {
    const most = looks++ % 8 === 0 ? ms : Math.min(ms, 20);
    for (const { environment } of tabs) environment.step(most);
    return isSo();
  }, what);
}

function upToDate(...some: Tab[]): Promise<void> {
  return passing(() => some.every((tab) => tab.isUpToDate), "everything", 2_000);
}

function grow(log: Log, times = 1): void {
  for (let n = 0; n < times; n++) log.add("output.appended", { key: "text", delta: `${n}` });
  server.publish();
}

/** Open tabs one after the other, so that the first one leads. */
async function open(count: number): Promise<Tab[]> {
  const opened: Tab[] = [];
  for (let n = 0; n < count; n++) {
    const tab = new Tab();
    opened.push(tab);
    await upToDate(tab);
  }
  return opened;
}

test("many tabs have one connection, and each sees every event once", async () => {
  const opened = await open(4);
  grow(opened[0]?.log as Log, 3);
  await upToDate(...opened);
  expect(opened.map(({ state }) => state)).toEqual(["live", "follower", "follower", "follower"]);
  expect(opened.map(({ seqs }) => seqs)).toEqual(Array.from({ length: 4 }, () => [8, 9, 10]));
  expect(server.opened).toHaveLength(1);
  for (const tab of opened) tab.expectTruth();
});

test("what another tab watches is on the same connection", async () => {
  const a = new Tab("run_a");
  await upToDate(a);
  const b = new Tab("run_b");
  await upToDate(b);
  grow(b.log);
  await upToDate(a, b);
  expect(server.opened.at(-1)).toEqual(["run_a@7.t", "run_b@"]);
  await until(() => server.watching === 1, "one connection");
  expect([a.state, b.state, b.seqs]).toEqual(["live", "follower", [8]]);
});

test("when the tab that leads goes, another one goes on without a loss", async () => {
  const [first, second, third] = (await open(3)) as [Tab, Tab, Tab];
  grow(first.log);
  await upToDate(first, second, third);
  first.hide();
  first.log.add("output.appended", { key: "text", delta: "meanwhile" });
  await passing(() => second.state === "live", "another lead");
  grow(first.log);
  await upToDate(second, third);
  expect(third.state).toBe("follower");
  expect([second.seqs, third.seqs]).toEqual([
    [8, 9, 10],
    [8, 9, 10],
  ]);
  await until(() => server.watching === 1, "one connection");
  second.expectTruth();
  third.expectTruth();
});

test("a page that comes back from the cache follows", async () => {
  const [first, second] = (await open(2)) as [Tab, Tab];
  first.hide();
  await passing(() => second.state === "live", "another lead");
  grow(first.log);
  await upToDate(second);
  first.show();
  await upToDate(first);
  await passing(() => first.state === "follower", "a follower");
  first.expectTruth();
});

test("a tab that leads and does not answer is not waited for", async () => {
  const held = navigator.locks.request(`headway ${name}`, () => new Promise(() => {})).catch(() => {});
  const tab = new Tab();
  await until(() => tab.environment.nextIn() <= 1_500, "a question");
  expect(server.opened).toHaveLength(0);
  await passing(() => tab.state === "live", "the lead", 1_500);
  await held; // stolen
  tab.expectTruth();
});

test("a tab that gets messages while its timers stand still does not lead", async () => {
  const [first, second] = (await open(2)) as [Tab, Tab];
  first.environment.hanging = true; // an alert, in Firefox
  await until(() => {
    second.environment.step(1_500);
    return second.state === "live";
  }, "another lead");
  grow(first.log);
  await until(() => second.isUpToDate, "the news");
  second.expectTruth();
  first.environment.hanging = false;
  await passing(() => first.state === "follower", "a follower", 1_500);
  await upToDate(first);
  first.expectTruth();
});

test("nobody is asked while nobody can see what is missing", async () => {
  void navigator.locks.request(`headway ${name}`, () => new Promise(() => {})).catch(() => {});
  const tab = new Tab();
  tab.environment.hidden = true;
  await until(() => tab.environment.nextIn() <= 1_500, "a look");
  for (let n = 0; n < 10; n++) tab.environment.advance(1_500);
  expect(tab.state).toBe("connecting");
  tab.environment.hidden = false;
  tab.environment.wake("visibilitychange");
  await passing(() => tab.state === "live", "the lead", 1_500);
});

test("how the connection stands is seen by all", async () => {
  const [first, second] = (await open(2)) as [Tab, Tab];
  server.busy = true;
  server.cut();
  await passing(() => first.state === "backoff", "the outage", 0);
  await passing(() => second.state === "stale", "that it is old", 0);
  server.busy = false;
  await passing(() => second.state === "follower", "that it is well", 1_000);
});

test("a hidden tab that leads is hurried by one that is seen", async () => {
  const [first, second] = (await open(2)) as [Tab, Tab];
  first.environment.hidden = true;
  server.cut();
  await until(() => first.state === "backoff", "the outage");
  await until(() => second.state === "stale", "that it is old");
  first.environment.sleep(60_000); // no timer runs there, but somebody asks
  second.environment.advance(1_500);
  await until(() => second.state === "follower", "that it is well");
  const third = new Tab("run_b"); // what is wanted anew does not wait for a timer there either
  await upToDate(third);
});

test("why it failed is seen by all", async () => {
  const [first] = await open(1);
  const lost = new Tab("run_x");
  await passing(() => lost.state === "failed", "the failure");
  expect(lost.run.getSnapshot().error).toMatchObject({ category: "not_found" });
  expect(first?.state).toBe("live");
});

test("the end is the end for all", async () => {
  const opened = await open(3);
  const { log } = opened[0] as Tab;
  log.add("run.succeeded", { result: 42 });
  server.publish();
  await passing(() => opened.every(({ state }) => state === "closed"), "the end");
  for (const tab of opened) tab.expectTruth();
});

test("what nobody wants any more is not watched", async () => {
  const first = new Tab("run_a");
  await upToDate(first);
  const second = new Tab("run_b");
  await upToDate(second);
  second.hide();
  const { run } = { run: first.headway.run("run_b") };
  await passing(() => run.getSnapshot().connection.state === "idle", "the end of it", 1_000);
  expect(first.state).toBe("live");
});

test("without locks each tab connects by itself", async () => {
  vi.stubGlobal("navigator", {});
  const opened = await open(2);
  expect(opened.map(({ state }) => state)).toEqual(["live", "live"]);
  expect(server.opened).toHaveLength(2);
});

test("where the browser refuses locks and channels, each tab connects by itself", async () => {
  const denied = new DOMException("denied", "SecurityError");
  const request = vi.fn(() => new Promise((_resolve, reject) => setTimeout(reject, 0, denied)));
  vi.stubGlobal("navigator", { locks: { request } });
  vi.stubGlobal(
    "BroadcastChannel",
    class {
      constructor() {
        throw denied;
      }
    },
  );
  const [first, second] = (await open(2)) as [Tab, Tab];
  expect([first.state, second.state]).toEqual(["live", "live"]);
  expect(request).toHaveBeenCalledTimes(2);
  first.hide();
  first.show();
  grow(first.log);
  await upToDate(first, second);
});

test("a run that was connected by hand only, and is watched by nobody, is let go", async () => {
  const tab = new Tab();
  await upToDate(tab);
  const other = tab.headway.run("run_b");
  other.reconnect(); // it begins, and begins anew before the tab has said what it is
  await passing(() => other.getSnapshot().connection.state === "live", "a connection");
  tab.leave();
  other.retain();
  other.release();
  tab.environment.advance(1_000);
  await until(() => server.watching === 0, "no connection");
});

test("a list has no stream of its own in each tab, but looks every few seconds", async () => {
  const [first] = (await open(2)) as [Tab];
  const requests: string[] = [];
  const fetch = vi.spyOn(globalThis, "fetch").mockImplementation(async (url) => {
    requests.push(`${url}`);
    return Response.json({ runs: [], next: null });
  });
  const list = createList(first.headway);
  const end = list.subscribe(() => {});
  await passing(() => requests.length >= 4, "some looks", 3_000);
  expect(list.getSnapshot().runs).toEqual([]);
  expect(requests.filter((url) => url.includes("/stream"))).toEqual([]);
  end();
  first.environment.advance(1_000);
  fetch.mockRestore();
});

test("the message an operator sends is seen by all", async () => {
  const [first, second] = (await open(2)) as [Tab, Tab];
  const seen: string[] = [];
  const ends = [first, second].map(({ run }) => run.on("notice", ({ text }) => seen.push(text ?? "")));
  server.send(`event: notice\ndata: {"text": "Back at noon."}\n\n`);
  await passing(() => seen.length === 2, "the notice");
  for (const end of ends) end();
});

const SEEDS = Array.from({ length: Number(process.env["HEADWAY_SEEDS"] ?? 12) }, (_, seed) => seed);

/** A small generator, so that a failure can be had again. */
function randomly(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Do one of the things that happen to tabs and servers. */
function happen(below: (below: number) => number, hidden: Set<Tab>): void {
  const tab = tabs[below(tabs.length)] as Tab;
  const act = below(6);
  if (act <= 1) grow(tab.log, 1 + below(3));
  else if (act === 2) server.cut();
  else if (act === 3 && tabs.length < 6) new Tab();
  else if (hidden.delete(tab)) tab.show();
  else if (hidden.size < tabs.length - 1) {
    hidden.add(tab);
    tab.hide();
  }
}

test.each(SEEDS)("whatever happens, all tabs see the same in the end (seed %i)", async (seed) => {
  const below = randomly(seed);
  const hidden = new Set<Tab>();
  await open(2);
  for (let n = 0; n < 25; n++) {
    happen(below, hidden);
    if (below(2)) await passing(() => true, "a moment", below(1_500));
    if (below(2)) await new Promise((resolve) => setTimeout(resolve, below(4)));
  }
  for (const tab of hidden) tab.show();
  await upToDate(...tabs);
  grow(tabs[0]?.log as Log, 2);
  await upToDate(...tabs);
  for (const tab of tabs) tab.expectTruth();
});

test("a state that is older than what is here is believed after a while", async () => {
  void navigator.locks.request(`headway ${name}`, () => new Promise(() => {})).catch(() => {});
  const wanted: Message[] = [];
  const channel = createChannel(`headway ${name}`, (message) => message.kind === "want" && wanted.push(message));
  channel.open();
  const tab = new Tab();
  const { run } = tab;
  const address = `${server.url}/v1/runs/run_a/stream`;
  const how: How = { state: "live", live: null, trouble: null };
  const say = (snapshot: Snapshot, sure: boolean) =>
    channel.post({ kind: "state", to: null, run: address, snapshot, sure, how });
  const [old, young] = [begun("run_a"), begun("run_a").add("output.finished", { key: "text" })];
  await until(() => wanted.length === 1, "a wish");
  say(young.snapshot(), false);
  await until(() => run.getSnapshot().run?.seq === 8, "the state");
  const timers = tab.environment.pending();
  say(old.snapshot(), false);
  await until(() => tab.environment.pending() > timers, "a doubt");
  expect(run.getSnapshot().run?.seq).toBe(8);
  tab.environment.hidden = true; // so that nobody is asked whether they are there
  tab.environment.advance(40_000);
  await until(() => wanted.length === 2, "another wish");
  expect(wanted).toMatchObject([{ sure: false }, { sure: true, cursor: "8.t" }]);
  say(old.snapshot(), true);
  await until(() => run.getSnapshot().run?.seq === 7, "what is true");
  channel.close();
});

test("a doubt about a run that is not followed any more asks nobody", async () => {
  void navigator.locks.request(`headway ${name}`, () => new Promise(() => {})).catch(() => {});
  const told: Message[] = [];
  const channel = createChannel(`headway ${name}`, (message) => told.push(message));
  channel.open();
  const tab = new Tab();
  const { run } = tab;
  const address = `${server.url}/v1/runs/run_a/stream`;
  const how: How = { state: "live", live: null, trouble: null };
  const say = (snapshot: Snapshot) =>
    channel.post({ kind: "state", to: null, run: address, snapshot, sure: false, how });
  await until(() => told.some(({ kind }) => kind === "want"), "a wish");
  say(begun("run_a").add("output.finished", { key: "text" }).snapshot());
  await until(() => run.getSnapshot().run?.seq === 8, "the state");
  const timers = tab.environment.pending();
  say(begun("run_a").snapshot());
  await until(() => tab.environment.pending() > timers, "a doubt");
  tab.leave();
  await until(() => told.at(-1)?.kind === "drop", "the end of it");
  tab.environment.advance(40_000);
  const end = tab.headway.run("run_b").subscribe(() => {});
  const wanted = () => told.filter((message) => message.kind === "want").map((message) => message.run);
  await until(() => wanted().some((one) => one.includes("run_b")), "the next wish");
  expect(wanted()).toEqual([address, address.replace("run_a", "run_b")]);
  end();
  tab.environment.advance(1_000);
  channel.close();
});
