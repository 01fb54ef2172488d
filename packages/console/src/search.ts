/** What stands behind the question mark: plain names and values, repeated where there are several. */

export type Search = Record<string, string | string[]>;

export function parseSearch(text: string): Search {
  const found: Search = {};
  const params = new URLSearchParams(text);
  for (const name of new Set(params.keys())) {
    const values = params.getAll(name);
    found[name] = values.length === 1 ? (values[0] ?? "") : values;
  }
  return found;
}

export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    for (const one of [value].flat())
      if (one !== undefined && one !== null && one !== "") params.append(name, `${one}`);
  }
  const text = `${params}`;
  return text && `?${text}`;
}

/** A value that may stand there once, or not at all. */
export function one(value: unknown): string | undefined {
  const first: unknown = [value].flat()[0];
  return typeof first === "string" && first !== "" ? first : undefined;
}

/** Values that may be repeated; those that are not known are left out. */
export function many<Known extends string>(value: unknown, known: readonly Known[]): Known[] {
  const given = [value].flat();
  return known.filter((word) => given.includes(word));
}
