/** What the tests of the outbox share: a server that takes commands, a clock, and pages of one browser. */

import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, vi } from "vitest";
import { Headway, type HeadwayOptions } from "../../src/headway.ts";
import { createOutbox, type Outbox, type OutboxOptions, type Settled } from "../../src/outbox.ts";
import { type TestEnvironment, testEnvironment, until } from "./environment.ts";

export const ORIGIN = "https://example.org";

/** A command as it reached the server. */
export interface Sent {
  path: string;
  key: string;
  body: unknown;
  headers: Record<string, string>;
}

export let environment: TestEnvironment;
/** What reached the server, in order. */
export let sent: Sent[];
/** How the server answers: what is thrown is a network that fails. */
export let reply: (command: Sent, n: number) => Response | Promise<Response>;
/** What pages were told, in order. */
export let told: Settled[];
/** Of the database, the lock and the channel; each test has its own, so that none hears of another. */
export let title: string;
let pages: Outbox[];
let tests = 0;

beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  environment = testEnvironment(answer);
  sent = [];
  told = [];
  pages = [];
  title = `headway-outbox:${++tests}`;
  reply = () => Response.json({ done: true });
});

afterEach(() => {
  for (const page of pages) page.close();
});

async function answer(url: string, init: RequestInit): Promise<Response> {
  const headers = init.headers as Record<string, string>;
  const body = JSON.parse(`${init.body}`) as unknown;
  const command = { path: new URL(url).pathname, key: headers["Idempotency-Key"] ?? "", body, headers };
  sent.push(command);
  const replied = await Promise.race([reply(command, sent.length), aborted(init.signal)]);
  return replied;
}

function aborted(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason));
  });
}

export function answers(how: typeof reply): void {
  reply = how;
}

/** Open a page with the browser's outbox. */
export function open(options: HeadwayOptions = {}, about: OutboxOptions = {}): Outbox {
  const headway = new Headway({ baseUrl: `${ORIGIN}/headway`, environment, ...options });
  const page = createOutbox(headway, { name: `${tests}`, ...about });
  page.onSettled((settled) => told.push(settled));
  pages.push(page);
  return page;
}

/** Queue commands of the application and do not care about their answers. */
export function queue(page: Outbox, ...names: string[]): void {
  for (const name of names) page.send({ url: `${ORIGIN}/api/${name}`, id: name }).catch(() => {});
}

export function ids(page: Outbox): string[] {
  return page.getSnapshot().entries.map(({ id }) => id);
}

export function keys(): string[] {
  return sent.map(({ key }) => key);
}

export function sentKeys(...wanted: string[]): Promise<void> {
  return until(() => keys().join() === wanted.join(), `${wanted}`);
}

export function shows(page: Outbox, ...wanted: string[]): Promise<void> {
  return until(() => ids(page).join() === wanted.join(), `entries ${wanted}`);
}

export function refuse(status: number, headers: Record<string, string> = {}, code?: string): Response {
  return Response.json({ title: "No", detail: `no, ${status}`, code }, { status, headers });
}

/** Everything that is stored. */
export async function stored(): Promise<string> {
  const database = await new Promise<IDBDatabase>((resolve) => {
    const request = indexedDB.open(title);
    request.onsuccess = () => resolve(request.result);
  });
  const all = database.transaction("commands").objectStore("commands").getAll();
  await until(() => all.readyState === "done", "what is stored");
  database.close();
  return JSON.stringify(all.result);
}
