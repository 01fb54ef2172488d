import type { ConnectionInfo, ConnectionState } from "@headway-run/client";
import { describe, expect, test } from "vitest";
import { BAR_MS, downMs, isOutdated, NO_DOWNTIME, PILL_MS, pillOf, SETTLED_MS, track } from "../src/model/link.ts";

function looks(...seen: [state: ConnectionState, now: number][]) {
  return seen.reduce((downtime, [state, now]) => track(downtime, state, now), NO_DOWNTIME);
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
    expect(looks(["backoff", 0], ["live", 1_500], ["live", 1_500 + SETTLED_MS])).toBe(NO_DOWNTIME);
  });

  test("stays the same object while nothing happens, so that nothing is drawn", () => {
    const down = looks(["backoff", 0]);
    expect(track(down, "connecting", 500)).toBe(down);
    expect(track(NO_DOWNTIME, "live", 500)).toBe(NO_DOWNTIME);
  });
});

describe("the pill", () => {
  const word = (state: ConnectionState, down = 0, shown = true, transport: ConnectionInfo["transport"] = "sse") =>
    pillOf({ state, transport, attempt: 0, retryAt: null, trouble: null }, shown, down).word;

  test("says how it is connected", () => {
    expect([word("live"), word("live", 0, true, "poll")]).toEqual(["Live", "Polling"]);
  });

  test("does not mention what is over in two seconds", () => {
    expect(word("backoff", PILL_MS - 1)).toBe("Live");
    expect(word("backoff", PILL_MS)).toBe("Reconnecting");
    expect(word("connecting", PILL_MS, true, "poll")).toBe("Reconnecting");
  });

  test("says at once what has another reason", () => {
    expect([word("offline"), word("closed"), word("failed"), word("connecting", 0, false)]).toEqual([
      "Offline",
      "Ended",
      "Not connected",
      "Connecting",
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
