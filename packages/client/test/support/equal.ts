import { expect } from "vitest";

/** Compare two JSON values as `conformance/README.md` says: by value, the order of keys aside. */
export function expectSame(actual: unknown, expected: unknown, where: string): void {
  const got = canonical(actual);
  const wanted = canonical(expected);
  // A difference in megabytes of text is not to be printed whole: only then the slow comparison that explains it.
  if (JSON.stringify(got) !== JSON.stringify(wanted)) expect(got, where).toEqual(wanted);
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries.map(([key, inner]) => [key, canonical(inner)]));
  }
  return value === 0 ? 0 : value; // -0 equals 0
}
