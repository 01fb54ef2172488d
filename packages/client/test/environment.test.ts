import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { browser, throttle, type WakeSign } from "../src/environment.ts";
import { testEnvironment } from "./support/environment.ts";

describe("the browser", () => {
  test("tells by these events that it came back to life, when it is seen", () => {
    const signs: WakeSign[] = [];
    const end = browser.onWake((sign) => signs.push(sign));
    window.dispatchEvent(new Event("online"));
    window.dispatchEvent(new Event("focus"));
    window.dispatchEvent(new Event("pageshow"));
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    document.body.click();
    const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    window.dispatchEvent(new Event("online"));
    hidden.mockRestore();
    expect(signs).toEqual(["online", "focus", "pageshow", "visibilitychange", "click"]);
    end();
    window.dispatchEvent(new Event("online"));
    expect(signs).toHaveLength(5);
  });

  test("knows whether it is seen, and whether there is a network", () => {
    expect(browser.isHidden()).toBe(false);
    vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    expect(browser.isHidden()).toBe(true);
    expect(browser.isOffline()).toBe(false);
    vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
    expect(browser.isOffline()).toBe(true);
  });

  test("may be missing", () => {
    vi.stubGlobal("window", undefined);
    vi.stubGlobal("document", undefined);
    vi.stubGlobal("navigator", undefined);
    expect([browser.isHidden(), browser.isOffline()]).toEqual([false, false]);
    expect(() => browser.onWake(() => {})()).not.toThrow();
  });

  test("lends its clock, its timers, its dice and its fetch", async () => {
    vi.useFakeTimers({ now: 1_000 });
    const calls: string[] = [];
    browser.setTimeout(() => calls.push("due"), 10);
    browser.clearTimeout(browser.setTimeout(() => calls.push("never"), 10));
    vi.advanceTimersByTime(10);
    expect([calls, browser.now()]).toEqual([["due"], 1_010]);
    vi.useRealTimers();
    expect(browser.random()).toBeLessThan(1);
    vi.stubGlobal("fetch", async (url: string) => new Response(url));
    expect(await (await browser.fetch("/x", {})).text()).toBe("/x");
  });
});

describe("throttled calls", () => {
  let calls: number;
  const environment = testEnvironment();
  const call = () => calls++;

  beforeEach(() => {
    calls = 0;
  });

  afterEach(() => expect(environment.pending()).toBe(0));

  test("the first is made at once, those meanwhile as one at the end", () => {
    const [ask] = throttle(environment, 16, call);
    ask();
    expect(calls).toBe(1);
    for (let n = 0; n < 5; n++) ask();
    environment.advance(15);
    expect(calls).toBe(1);
    environment.advance(1);
    expect(calls).toBe(2);
    environment.advance(16);
    ask();
    expect(calls).toBe(3);
    environment.advance(16);
  });

  test("one that is still to come can be dropped", () => {
    const [ask, cancel] = throttle(environment, 16, call);
    ask();
    ask();
    cancel();
    environment.advance(100);
    expect(calls).toBe(1);
  });

  test("without a time all of them are made", () => {
    const [ask] = throttle(environment, 0, call);
    ask();
    ask();
    expect(calls).toBe(2);
  });
});
