/**
 * Where commands are kept: in IndexedDB, and what cannot be stored there in memory.
 *
 * All pages of an origin share the database; a change is one transaction, which no other page comes between. What the
 * database refuses (there is none, the disk is full) is remembered in this page: it is done none the less, though not
 * for good.
 */

import type { Environment } from "../environment.ts";
import type { Entry } from "./entry.ts";

const STORE = "commands";
/** Time to open the database. Browsers have been seen that never do. */
const OPEN_MS = 3_000;

/** What a change does: entries that are new or another, and ids of those that are done with. */
export interface Edits {
  put?: Entry | undefined;
  remove?: readonly string[];
}

export interface Shelf {
  /** Whether what is added now survives this page. */
  isDurable(): boolean;
  /** Change what is there in one step, and return what was there before, in order. */
  edit(change: (entries: readonly Entry[]) => Edits): Promise<readonly Entry[]>;
  /** Let go of the database until it is needed again. */
  shut(): void;
}

export function createShelf(name: string, environment: Environment): Shelf {
  /** What this page knows better than the database: entries that are not stored in it, or, null, are done with. */
  const known = new Map<string, Entry | null>();
  let opening: Promise<IDBDatabase> | undefined;
  let patienceMs = OPEN_MS;
  let durable = true;

  const shut = () => {
    opening?.then((database) => database.close()).catch(() => {});
    opening = undefined;
  };

  const open = () => {
    if (opening) return opening;
    const own = new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "n", autoIncrement: true });
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const database = request.result;
        // A page of a later version wants to change it, or the user cleared it: open it anew when it is needed.
        const forget = () => {
          database.close();
          if (opening === own) opening = undefined;
        };
        database.onversionchange = forget;
        database.onclose = forget;
        patienceMs = OPEN_MS;
        resolve(database);
      };
    });
    opening = own;
    return own;
  };

  const openInTime = () => {
    let timer: unknown;
    const late = new Promise<never>((_resolve, reject) => {
      timer = environment.setTimeout(() => {
        patienceMs = 0; // those after do not wait again
        reject(new Error("the database does not open"));
      }, patienceMs);
    });
    return Promise.race([open(), late]).finally(() => environment.clearTimeout(timer));
  };

  /** Returns what was done. */
  const transact = async (change: (stored: readonly Entry[]) => Edits): Promise<Edits> => {
    const database = await openInTime();
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, "readwrite");
      const store = transaction.objectStore(STORE);
      const reading: IDBRequest<Entry[]> = store.getAll();
      reading.onsuccess = () => {
        const edits = change(reading.result);
        const { put, remove = [] } = edits;
        transaction.oncomplete = () => resolve(edits);
        if (put) store.put(put);
        for (const { id, n } of reading.result) if (n !== undefined && remove.includes(id)) store.delete(n);
      };
      transaction.onabort = () => reject(transaction.error);
    });
  };

  /** The database, or where the connection to it was closed meanwhile, a new one. */
  const transactAgain = (change: (stored: readonly Entry[]) => Edits) =>
    transact(change).catch((error) => {
      if (error?.name !== "InvalidStateError") throw error;
      opening = undefined;
      return transact(change);
    });

  /** Put what this page knows better over what is stored. */
  const merged = (stored: readonly Entry[]): Entry[] => {
    const all = new Map<string, Entry | null>(stored.map((entry) => [entry.id, entry]));
    for (const [id, entry] of known) all.set(id, entry);
    return [...all.values()].filter((entry) => entry !== null);
  };

  /** There are commands that were never stored: what comes after them is not stored either, or it would overtake them. */
  const isLoose = () => [...known.values()].some((entry) => entry !== null && entry.n === undefined);

  const edit = async (change: (entries: readonly Entry[]) => Edits): Promise<readonly Entry[]> => {
    let before: readonly Entry[] = [];
    let edits: Edits = {};
    const decide = (stored: readonly Entry[]): Edits => {
      before = merged(stored);
      edits = change(before);
      const { put, remove = [] } = edits;
      const gone = [...known].filter(([, entry]) => entry === null).map(([id]) => id);
      return { put: put?.n === undefined && isLoose() ? undefined : put, remove: [...remove, ...gone] };
    };
    try {
      const { put, remove = [] } = await transactAgain(decide);
      durable = true;
      for (const id of remove) known.delete(id);
      if (put) known.delete(put.id);
      else if (edits.put) known.set(edits.put.id, edits.put);
    } catch {
      durable = false;
      decide(before);
      for (const id of edits.remove ?? []) known.set(id, null);
      if (edits.put) known.set(edits.put.id, edits.put);
    }
    return before;
  };

  return { isDurable: () => durable && !isLoose(), edit, shut };
}
