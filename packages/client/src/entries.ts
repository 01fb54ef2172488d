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

/** Copy to an object without a prototype, in which `constructor` and `__proto__` are keys like any other. */
export function bare<Value extends object>(value: Value): Value {
  return Object.assign(Object.create(null), value);
}

/** Values that may be put in place of entries; null removes one. */
type Replacements = Record<string, unknown>;

/** Removals first and then by key, because the order of an object's keys is not the same in every language. */
function inOrder<Value>(values: Replacements): [string, Value | null][] {
  const entries = Object.entries(values) as [string, Value | null][];
  return entries.sort(([a, x], [b, y]) => Number(x !== null) - Number(y !== null) || (a < b ? -1 : 1));
}

/** State of one run, and the rules that bound it. */
export class State {
  readonly body: Snapshot;
  /** How far the items of each phase are; kept up as items move. */
  readonly tallies: Map<string, Tally> = new Map();
  readonly #counts = { items: 0, outputs: 0, custom: 0 };
  /** Objects of the body that nobody else has seen. */
  readonly #owned: Set<string> = new Set();
  readonly #texts: Map<string, GrowingText> = new Map();
  /** Outputs whose text in the body is not the newest. */
  readonly #stale: Set<string> = new Set();
  #textTotal = 0;

  constructor(snapshot: Snapshot) {
    this.body = { ...snapshot, items: bare({}), outputs: bare({}), custom: bare({}) };
    for (const [key, item] of Object.entries(snapshot.items)) this.setItem(key, item);
    for (const [key, output] of Object.entries(snapshot.outputs)) this.setOutput(key, output);
    for (const [name, values] of Object.entries(snapshot.custom)) {
      this.body.custom[name] = values;
      this.#counts.custom += Object.keys(values).length;
    }
  }

  /** Return the state as a value that later changes leave alone. */
  publish(): Snapshot {
    for (const key of this.#stale) {
      const text = this.#texts.get(key) as GrowingText;
      const output = this.body.outputs[key] as Output;
      this.own("outputs")[key] = { ...output, text: text.read(), from_offset: text.fromOffset };
    }
    this.#stale.clear();
    this.#owned.clear();
    return { ...this.body };
  }

  /** Return one of the keyed parts, to be changed. */
  own<Name extends keyof Parts>(name: Name): Parts[Name] {
    const parts: Parts = this.body;
    if (!this.#owned.has(name)) parts[name] = bare(parts[name]);
    this.#owned.add(name);
    return parts[name];
  }

  #put(name: "items" | "outputs", key: string, value: Item | Output | null, max: number): boolean {
    const known = key in this.body[name];
    if (!known && value && this.#counts[name] >= max) return false;
    this.#counts[name] += Number(value !== null) - Number(known);
    const entries: Record<string, Item | Output> = this.own(name);
    if (value) entries[key] = value;
    else delete entries[key];
    return true;
  }

  /** Add or replace a phase, or remove it. Does nothing when there are too many. */
  setPhase(id: string, phase: Phase | null): void {
    const phases = [...this.body.phases];
    const at = phases.findIndex((known) => known.id === id);
    if (at >= 0) phases.splice(at, 1, ...(phase ? [phase] : []));
    else if (phase && phases.length < PHASES_MAX) phases.push(phase);
    this.body.phases = phases;
  }

  /** Add, replace or remove an item and keep the tally of its phase; false when there are too many. */
  setItem(key: string, item: Item | null): boolean {
    const known = this.body.items[key];
    if (!this.#put("items", key, item, ITEMS_MAX)) return false;
    this.#count(known, -1);
    this.#count(item, 1);
    return true;
  }

  #count(item: Item | null | undefined, by: number): void {
    if (!item || item.phase === null) return;
    const tally = this.tallies.get(item.phase) ?? { ended: 0, total: 0 };
    tally.total += by;
    if (item.status === "finished" || item.status === "failed") tally.ended += by;
    this.tallies.set(item.phase, tally);
  }

  /** Add, replace or remove an output with its text; false when there are too many. */
  setOutput(key: string, output: Output | null): boolean {
    if (!this.#put("outputs", key, output, OUTPUTS_MAX)) return false;
    const text = new GrowingText(output?.text, output?.from_offset);
    this.#textTotal += text.length - (this.#texts.get(key)?.length ?? 0);
    this.#stale.delete(key);
    if (output) this.#texts.set(key, text);
    else this.#texts.delete(key);
    return true;
  }

  /** Add text to an output that exists. */
  appendText(key: string, delta: string): void {
    const text = this.#texts.get(key) as GrowingText;
    this.#textTotal += text.append(delta);
    this.#stale.add(key);
    this.#capText(key);
  }

  /** Drop what is over the caps: first of this output, then of the oldest one that has any. */
  #capText(key: string): void {
    this.#drop(key, (this.#texts.get(key)?.length ?? 0) - OUTPUT_TEXT_MAX);
    while (this.#textTotal > ALL_TEXT_MAX) this.#drop(this.#oldestText(), this.#textTotal - ALL_TEXT_MAX);
  }

  #drop(key: string, count: number): void {
    if (count <= 0) return;
    this.#textTotal -= this.#texts.get(key)?.dropFront(count) ?? 0;
    this.#stale.add(key);
  }

  /** Oldest is the lowest seq, then the lowest key. */
  #oldestText(): string {
    const age = (key: string) => this.body.outputs[key]?.seq ?? 0;
    const keys = [...this.#texts].filter(([, text]) => text.length > 0).map(([key]) => key);
    return keys.reduce((a, b) => ((age(a) - age(b) || (a < b ? -1 : 1)) < 0 ? a : b));
  }

  /** Keep the last data of a name and key; new ones past the cap are ignored. */
  setCustom(name: string, key: string, data: unknown): void {
    const values = this.body.custom[name] ?? {};
    if (!Object.hasOwn(values, key)) {
      if (this.#counts.custom >= CUSTOM_MAX) return;
      this.#counts.custom++;
    }
    const custom = this.own("custom");
    const id = `custom ${name}`;
    custom[name] = this.#owned.has(id) ? values : bare(values);
    custom[name][key] = data;
    this.#owned.add(id);
  }

  /** Put entries to the values given. */
  assign({ phases, items, outputs }: Discarded): void {
    for (const [id, phase] of inOrder<Phase>(phases)) this.setPhase(id, phase && { ...phase, id });
    for (const [key, item] of inOrder<Item>(items)) this.setItem(key, item);
    const texts = inOrder<Output>(outputs);
    for (const [key, output] of texts) this.setOutput(key, output);
    for (const [key] of texts) this.#capText(key);
  }
}
