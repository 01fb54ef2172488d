/** Strategies somebody wants to be told about later: kept in the browser, looked after every thirty seconds. */

import type { Mode } from "../clients.ts";
import { type Message, parseMessage } from "./message.ts";

/** Seconds between two looks at a strategy nobody watches. */
export const LATER_S = 30;

/** One that is waited for. */
export interface Waiting {
  id: string;
  title: string;
  mode: Mode;
  /** The last that was heard of it; null: nothing yet. */
  message: Message | null;
  /** The server knows of it no more: nothing will be heard of it. */
  gone?: true;
}

const KEY = "headway-strategy-later";

export function load(storage: Storage): Waiting[] {
  try {
    const kept: unknown = JSON.parse(storage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.flatMap(waitingFrom) : [];
  } catch {
    return []; // what others wrote under our name
  }
}

function waitingFrom(value: Partial<Waiting> | null): Waiting[] {
  if (typeof value?.id !== "string" || typeof value.title !== "string") return [];
  const message = value.message ? parseMessage(value.message) : null;
  const kept = { id: value.id, title: value.title, message, ...(value.gone === true && { gone: value.gone }) };
  return [{ ...kept, mode: value.mode === "poll" ? "poll" : "stream" }];
}

export function save(storage: Storage, waiting: readonly Waiting[]): void {
  try {
    storage.setItem(KEY, JSON.stringify(waiting));
  } catch {
    // full, or not allowed: it is told as long as the page is open
  }
}

export function isOver({ gone, message }: Waiting): boolean {
  return gone || message?.event === "complete" || message?.event === "error";
}

/** What the entry says. */
export function laterText({ gone, message }: Waiting): string {
  if (gone) return "It is not on this server any more.";
  if (message?.event === "complete" || message?.event === "error") return message.data.message;
  const sofar = message ? ` (${Math.floor(message.data.progress)} %)` : "";
  return `Still being written${sofar}. We'll tell you here.`;
}
