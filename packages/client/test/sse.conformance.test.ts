// @vitest-environment node
import { expect, test } from "vitest";
import { createFrameParser, type Frame } from "../src/sse.ts";
import { readCases } from "./support/conformance.ts";

interface ParseCase {
  name: string;
  bytes: string | { base64: string };
  frames: Frame[];
  retry_ms?: number;
  limit?: number;
  error?: boolean;
}

interface Parsed {
  frames: Frame[];
  retryMs: number | null;
  failed: boolean;
}

const cases = readCases<ParseCase[]>("sse/parse.json");

test.each(cases)("$name", ({ bytes, frames, retry_ms = null, limit, error = false }) => {
  const whole = typeof bytes === "string" ? Buffer.from(bytes) : Buffer.from(bytes.base64, "base64");
  const wanted: Parsed = { frames, retryMs: retry_ms, failed: error };
  expect(parse([whole], limit), "at once").toEqual(wanted);
  expect(
    parse(
      Array.from(whole, (byte) => Uint8Array.of(byte)),
      limit,
    ),
    "byte by byte",
  ).toEqual(wanted);
  for (let at = 1; at < whole.length; at++) {
    expect(parse([whole.subarray(0, at), whole.subarray(at)], limit), `in two at ${at}`).toEqual(wanted);
    expect(parse([whole.subarray(0, at), new Uint8Array(), whole.subarray(at)], limit), `a pause at ${at}`).toEqual(
      wanted,
    );
  }
});

test("a huge line in small chunks is read in linear time", () => {
  const chunk = Buffer.from("x".repeat(1_000));
  const chunks = [Buffer.from("data: "), ...Array.from({ length: 20_000 }, () => chunk), Buffer.from("\n\n")];
  expect(parse(chunks).frames[0]?.data).toHaveLength(20_000_000);
});

function parse(chunks: Uint8Array[], limit?: number): Parsed {
  let retryMs: number | null = null;
  const onRetry = (ms: number) => {
    retryMs = ms;
  };
  const feed = createFrameParser(onRetry, limit);
  const frames: Frame[] = [];
  let failed = false;
  // Once more than there are chunks: an error may follow the frames that were handed out with the last bytes.
  for (const chunk of [...chunks, new Uint8Array()]) {
    try {
      frames.push(...feed(chunk));
    } catch {
      failed = true;
    }
  }
  return { frames, retryMs, failed };
}
