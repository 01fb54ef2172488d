// @vitest-environment node
import { expect, test } from "vitest";
import { CONNECTION_TRANSITIONS, type ConnectionState, nextState, type Sign } from "../src/machine.ts";

const states = Object.keys(CONNECTION_TRANSITIONS) as ConnectionState[];

test("a sign that a state does not know leaves it as it is", () => {
  expect(nextState("idle", "opened")).toBe("idle");
  expect(nextState("closed", "lost")).toBe("closed");
  expect(nextState("failed", "due")).toBe("failed");
});

test("stop leads from everywhere to idle", () => {
  for (const state of states) expect(nextState(state, "stop"), state).toBe("idle");
});

test("every state is reached, and can be left", () => {
  const reached = new Set<ConnectionState>(["idle"]);
  for (const from of reached) {
    const signs = Object.keys(CONNECTION_TRANSITIONS[from]) as Sign[];
    expect(signs.length, from).toBeGreaterThan(0);
    for (const sign of signs) reached.add(nextState(from, sign));
  }
  expect([...reached].sort()).toEqual([...states].sort());
});
