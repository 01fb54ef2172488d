/** The parts of the app that are not there from the beginning. */

/** A part could not be loaded. */
export class NotLoaded extends Error {
  constructor(cause: unknown) {
    super("A part of the console could not be loaded.", { cause });
  }
}

const parts: (() => Promise<unknown>)[] = [];

/** Make something of a part that is loaded when it is first needed, or when the page has nothing else to do. */
export function part<Module>(load: () => Promise<Module>): () => Promise<Module> {
  const loadIt = () =>
    load().catch((cause: unknown) => {
      throw new NotLoaded(cause);
    });
  parts.push(loadIt);
  return loadIt;
}

/** Load what has not been needed yet: a server that is away later on takes no page with it. */
export async function loadAll(): Promise<void> {
  for (const load of parts) await load().catch(() => {}); // one after the other: nobody waits for them
}
