// @vitest-environment node
import { describe, expect, test } from "vitest";
import { errorFrom, errorOf, HeadwayError } from "../src/errors.ts";

function answer(status: number, body = "", headers: Record<string, string> = {}): Response {
  return new Response(body, { status, headers });
}

describe("an answer", () => {
  test.each([
    [400, "invalid", false],
    [401, "auth", false],
    [403, "forbidden", false],
    [404, "not_found", false],
    [409, "conflict", false],
    [410, "expired", false],
    [413, "invalid", false],
    [422, "invalid", false],
    [429, "rate_limited", true],
    [500, "server", true],
    [503, "server", true],
    [507, "server", true],
  ] as const)("with status %i is %s", async (status, category, retryable) => {
    const error = await errorOf(answer(status, "<html>"));
    expect(error).toMatchObject({ category, status, retryable, problem: {}, retryAfterMs: 0 });
    expect(error.message).not.toBe("");
  });

  test.each([
    [401, "Please sign in."],
    [500, "The server answered 500."],
  ])("with status %i and without a problem has words for people", async (status, words) => {
    expect((await errorOf(answer(status, "<html>"))).message).toBe(words);
  });

  test("with a problem has the server's words", async () => {
    const problem = {
      code: "conflict",
      title: "Conflict",
      detail: "The run moved on",
      hint: "look again",
      request_id: "r",
    };
    const error = await errorOf(answer(409, JSON.stringify(problem)));
    expect(error.message).toBe("The run moved on");
    expect(error.problem).toMatchObject({ code: "conflict", hint: "look again", request_id: "r" });
  });

  test("with something else than a problem says its status", async () => {
    expect((await errorOf(answer(418, "null"))).message).toBe("The server answered 418.");
    expect((await errorOf(answer(418, "[]"))).message).toBe("The server answered 418.");
  });

  test("may say when to come back", async () => {
    expect((await errorOf(answer(503, "", { "Retry-After": "120" }))).retryAfterMs).toBe(120_000);
    expect((await errorOf(answer(503, "", { "Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT" }))).retryAfterMs).toBe(0);
  });

  test("that is no success and no error did not come from Headway", async () => {
    expect((await errorOf(answer(302))).category).toBe("protocol");
  });
});

describe("what was thrown", () => {
  test("is trouble with the network, unless it is known better", () => {
    const cause = new TypeError("fetch failed");
    expect(errorFrom(cause)).toMatchObject({ category: "network", cause, retryable: true, status: null });
    expect(errorFrom(new SyntaxError("no JSON")).category).toBe("protocol");
    const known = new HeadwayError("timeout");
    expect(errorFrom(known)).toBe(known);
  });

  test("is an error like any other", () => {
    const error = new HeadwayError("network");
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe("HeadwayError");
    expect(String(error)).toBe("HeadwayError: The server cannot be reached.");
  });
});
