/**
 * The snapshot that is being made, and the parts of it that come and go by key, with their caps.
 *
 * Kept apart from the fold so that the rules (what an event means) and the book-keeping (what a change costs) can each
 * be read alone. Entries are replaced, never changed, and an object that was handed out is copied before the first
 * change after that: a view that compares by identity draws only what moved, and a change costs no copy of its own.
 */

import {
  ALL_TEXT_MAX,
  CUSTOM_MAX,
  type CustomValue,
  type Discarded,
  ITEMS_MAX,
  type Item,
  OUTPUT_TEXT_MAX,
  OUTPUTS_MAX,
  type Output,
  PHASES_MAX,
  type Phase,
  type Snapshot,
} from "./contract.gen.ts";
import type { Tally } from "./progress.ts";
import { GrowingText } from "./text.ts";

type Parts = Pick<Snapshot, "items" | "outputs" | "custom" | "asks">;

/** What a withdrawal assigns by key. */
type Replaced = Pick<Discarded, "phases" | "items" | "outputs">;

/** State of one run, and the rules that bound it. */
export interface State {
  readonly body: Snapshot;
  /** How far the items of each phase are; kept up as items move. */
  readonly tallies: ReadonlyMap<string, Tally>;
  /** Return the state as a value that later changes leave alone. */
  snapshot(): Snapshot;
  /** Return one of the keyed parts, to be changed. */
  own<Name extends keyof Parts>(name: Name): Parts[Name];
  /** Add or replace a phase, or remove it. Does nothing when there are too many. */
  phase(id: string, phase: Phase | null): void;
  /** Add, replace or remove an item and keep the tally of its phase; false when there are too many. */
  item(key: string, item: Item | null): boolean;
  /** Add, replace or remove an output with its text; false when there are too many. */
  output(key: string, output: Output | null): boolean;
  /** Add text to an output that exists, and drop what is over the caps. */
  append(key: string, delta: string): void;
  /** Add, replace or remove the data of a name and key; new ones past the cap are ignored. */
  custom(name: string, key: string, value: CustomValue | null): void;
  /** Put entries to the values given; null removes them. */
  assign(values: Replaced): void;
}

/** Copy to an object without a prototype, in which `constructor` and `__proto__` are keys like any other. */
export function bare<Value extends object>(value: Value): Value {
  return { __proto__: null, ...value };
}

/** Removals first and then by key, because the order of an object's keys is not the same in every language. */
function inOrder<Value>(values: Replaced[keyof Replaced]): [string, Value | null][] {
  const entries = Object.entries(values) as [string, Value | null][];
  return entries.sort(([a, x], [b, y]) => +!!x - +!!y || (a < b ? -1 : 1));
}

/** @param from Where to begin; it is not changed. */
export function createState(from: Snapshot): State {
  const body = { ...from, items: bare({}), outputs: bare({}), custom: bare(from.custom) } as Snapshot;
  const tallies = new Map<string, Tally>();
  const counts = { items: 0, outputs: 0, custom: 0 };
  /** Objects of the body that nobody else has seen. */
  const owned = new Set<object>();
  const texts = new Map<string, GrowingText>();
  /** Outputs whose text in the body is not the newest. */
  const stale = new Set<string>();
  let textTotal = 0;

  const textOf = (key: string) => texts.get(key) as GrowingText;

  const ownIn = <Value extends object>(holder: Record<string, Value>, key: string): Value => {
    const known = holder[key] ?? ({} as Value);
    if (owned.has(known)) return known;
    const copy = bare(known);
    owned.add(copy);
    holder[key] = copy;
    return copy;
  };

  const own = <Name extends keyof Parts>(name: Name): Parts[Name] =>
    ownIn(body as unknown as Record<string, Parts[Name]>, name);

  const put = (name: "items" | "outputs", key: string, value: Item | Output | null, max: number): boolean => {
    const known = key in body[name];
    if (!known && value && counts[name] >= max) return false;
    counts[name] += +!!value - +known;
    const entries: Record<string, Item | Output> = own(name);
    if (value) entries[key] = value;
    else delete entries[key];
    return true;
  };

  const count = (item: Item | null | undefined, by: number) => {
    if (!item || item.phase === null) return;
    const tally = tallies.get(item.phase) ?? { total: 0, ended: 0 };
    tally.total += by;
    if (item.status === "finished" || item.status === "failed") tally.ended += by;
    tallies.set(item.phase, tally);
  };

  const setPhase = (id: string, phase: Phase | null) => {
    const phases = new Map(body.phases.map((known) => [known.id, known]));
    if (phase) phases.set(id, phase);
    else phases.delete(id);
    body.phases = [...phases.values()].slice(0, PHASES_MAX);
  };

  const setItem = (key: string, item: Item | null) => {
    const known = body.items[key];
    if (!put("items", key, item, ITEMS_MAX)) return false;
    count(known, -1);
    count(item, 1);
    return true;
  };

  const setOutput = (key: string, output: Output | null) => {
    if (!put("outputs", key, output, OUTPUTS_MAX)) return false;
    textTotal -= texts.get(key)?.length ?? 0;
    stale.delete(key);
    texts.delete(key);
    if (output) {
      texts.set(key, new GrowingText(output.text, output.from_offset));
      textTotal += textOf(key).length;
    }
    return true;
  };

  const drop = (key: string, over: number) => {
    const text = textOf(key);
    const dropped = Math.max(0, Math.min(over, text.length));
    text.drop(dropped);
    textTotal -= dropped;
    stale.add(key);
  };

  /** Oldest is the lowest seq, then the lowest key. */
  const oldestText = () => {
    const age = (key: string) => (body.outputs[key] as Output).seq;
    const keys = [...texts.keys()].filter((key) => textOf(key).length > 0);
    return keys.sort((a, b) => age(a) - age(b) || (a < b ? -1 : 1))[0] as string;
  };

  /** Drop what is over the caps: first of this output, then of the oldest one that has any. */
  const capText = (key: string) => {
    drop(key, textOf(key).length - OUTPUT_TEXT_MAX);
    while (textTotal > ALL_TEXT_MAX) drop(oldestText(), textTotal - ALL_TEXT_MAX);
  };

  const append = (key: string, delta: string) => {
    textTotal += textOf(key).append(delta);
    capText(key);
  };

  const setCustom = (name: string, key: string, value: CustomValue | null) => {
    const by = +!!value - +Object.hasOwn(body.custom[name] ?? {}, key);
    if (by > 0 && counts.custom >= CUSTOM_MAX) return;
    counts.custom += by;
    const values = ownIn(own("custom"), name);
    if (value) values[key] = value.data ?? null;
    else delete values[key];
    if (!value && !Object.keys(values).length) delete body.custom[name]; // a name goes with its last key
  };

  const assign = ({ phases, items, outputs }: Replaced, list: typeof inOrder = inOrder) => {
    for (const [id, phase] of list<Phase>(phases)) setPhase(id, phase && { ...phase, id });
    for (const [key, item] of list<Item>(items)) setItem(key, item);
    for (const [key, output] of list<Output>(outputs)) setOutput(key, output);
    for (const [key] of list<Output>(outputs)) if (texts.has(key)) capText(key);
  };

  const snapshot = () => {
    for (const key of stale) {
      const text = textOf(key);
      const output = body.outputs[key] as Output;
      own("outputs")[key] = { ...output, text: text.read(), from_offset: text.from_offset };
    }
    stale.clear();
    owned.clear();
    return { ...body };
  };

  // In the snapshot's own order: whoever joins late sees the items as those do who were there.
  assign({ ...from, phases: {} }, Object.entries);
  for (const values of Object.values(from.custom)) counts.custom += Object.keys(values).length;
  return {
    body,
    tallies,
    snapshot,
    own,
    phase: setPhase,
    item: setItem,
    output: setOutput,
    append,
    custom: setCustom,
    assign,
  };
}
