import { expect, test } from "vitest";
import { HeadwayError } from "../../src/index.ts";
import { CONNECTION_TRANSITIONS } from "../../src/machine.ts";
import { connectionWords, ERROR_WORDS, errorWords, STATE_WORDS } from "../../src/status.ts";

test("every state and every error has words, which are sentences", () => {
  expect(Object.keys(STATE_WORDS).sort()).toEqual(Object.keys(CONNECTION_TRANSITIONS).sort());
  for (const { word, text } of [...Object.values(STATE_WORDS), ...Object.values(ERROR_WORDS)]) {
    expect(word).toMatch(/^[A-Z][a-z ]+$/);
    expect(text).toMatch(/^[A-Z].*\.$/);
  }
});

test("an error is called by what it is; who polls is told so", () => {
  expect(errorWords(new HeadwayError("auth")).word).toBe("Signed out");
  expect(connectionWords({ state: "live", transport: "poll" }).word).toBe("Polling");
  expect(connectionWords({ state: "follower", transport: "sse" }).word).toBe("Live");
});
