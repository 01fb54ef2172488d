import { type ConnectionInfo, type ConnectionState, HeadwayError } from "@headway-run/client";
import { describe, expect, test } from "vitest";
import {
  BAR_MS,
  connectionSign,
  connectionText,
  downMs,
  isOutdated,
  NO_DOWNTIME,
  PILL_MS,
  SETTLED_MS,
  track,
} from "../../src/words/connection.ts";

/** Of a connection that worked once. */
const SEEN = { ...NO_DOWNTIME, seen: true };

function looks(...seen: [state: ConnectionState, now: number][]) {
  return seen.reduce((downtime, [state, now]) => track(downtime, state, now), SEEN);
}

describe("downtime", () => {
  test("counts from the moment the connection was lost", () => {
    const down = looks(["live", 0], ["backoff", 1_000], ["connecting", 2_500], ["stale", 3_000]);
    expect(down.downAt).toBe(1_000);
    expect(downMs(down, 4_000)).toBe(3_000);
  });

  test("adds up while the connection keeps breaking", () => {
    const down = looks(["backoff", 0], ["live", 1_500], ["backoff", 2_000], ["live", 3_000], ["backoff", 4_000]);
    expect(downMs(down, 4_500)).toBe(1_500 + 1_000 + 500);
    expect(down.downAt).toBe(4_000);
  });

  test("is forgotten once the connection has held", () => {
    expect(downMs(looks(["backoff", 0], ["live", 1_500], ["live", 1_499 + SETTLED_MS]), 9_000)).toBe(1_500);
    expect(looks(["backoff", 0], ["live", 1_500], ["live", 1_500 + SETTLED_MS])).toEqual(SEEN);
  });

  test("does not count the time until the first connection", () => {
    const first = track(track(NO_DOWNTIME, "connecting", 0), "live", 3_000);
    expect(downMs(first, 3_000)).toBe(0);
    expect(first.seen).toBe(true);
  });

  test("stays the same object while nothing happens, so that nothing is drawn", () => {
    const down = looks(["backoff", 0]);
    expect(track(down, "connecting", 500)).toBe(down);
    expect(track(SEEN, "live", 500)).toBe(SEEN);
  });
});

describe("the sentences", () => {
  const trouble = new HeadwayError("network");
  const text = (state: ConnectionState, more: Partial<ConnectionInfo> = {}, retryInS: number | null = null) =>
    connectionText({ state, transport: "sse", attempt: 0, retryAt: null, trouble: null, ...more }, retryInS);

  test("say what a state means", () => {
    expect(text("live")).toBe("What is shown is up to date.");
    expect(text("live", { transport: "poll" })).toContain("by asking again and again");
    expect(text("follower")).toContain("through another tab");
    expect(text("stale")).toContain("may be old");
    expect(text("offline")).toContain("offline");
    expect([text("idle"), text("closed")]).toEqual([
      "Nothing is being watched.",
      "The run has ended, and everything is here.",
    ]);
  });

  test("say why, and when it is tried again", () => {
    expect(text("backoff", { trouble }, 8)).toBe("The server cannot be reached. Trying again in 8 s.");
    expect(text("backoff", {}, 0)).toBe("The connection broke. Trying again now.");
    expect(text("connecting", { trouble })).toBe("The server cannot be reached. The connection is being made.");
    expect(text("connecting")).toBe("The connection is being made.");
    expect(text("failed", { trouble })).toBe("The server cannot be reached.");
    expect(text("failed")).toContain("It cannot be shown");
  });
});

describe("the word", () => {
  const word = (state: ConnectionState, down = 0, shown = true, transport: ConnectionInfo["transport"] = "sse") =>
    connectionSign({ state, transport }, shown, down).word;

  test("says how it is connected", () => {
    expect([word("live"), word("live", 0, true, "poll")]).toEqual(["Live", "Polling"]);
  });

  test("does not mention what is over in two seconds", () => {
    expect(word("backoff", PILL_MS - 1)).toBe("Live");
    expect(word("backoff", PILL_MS)).toBe("Reconnecting");
    expect(word("connecting", PILL_MS, true, "poll")).toBe("Reconnecting");
  });

  test("says at once what has another reason", () => {
    expect(word("connecting", 0, false)).toBe("Connecting");
    expect([word("offline"), word("closed"), word("failed"), word("idle")]).toEqual([
      "Offline",
      "Ended",
      "Not connected",
      "Not watching",
    ]);
  });

  test("of a connection that works again says so, however long it was gone", () => {
    expect(word("live", BAR_MS)).toBe("Live");
  });
});

test("the page says as of when it is true after ten seconds, or at once without a network", () => {
  expect(isOutdated("backoff", BAR_MS - 1)).toBe(false);
  expect(isOutdated("backoff", BAR_MS)).toBe(true);
  expect(isOutdated("offline", 0)).toBe(true);
  expect(isOutdated("live", BAR_MS)).toBe(false);
  expect(isOutdated("closed", BAR_MS)).toBe(false);
});
