import type { RunEvent, RunHandle, RunState } from "@headway-run/client";
import { createShown, type Shown, UNCONNECTED } from "./shown.ts";

/** What is shown of a stream. */
export interface StreamState extends RunState {
  /** The last event that came. */
  readonly event: RunEvent | null;
}

const NOTHING: StreamState = { run: null, live: null, connection: UNCONNECTED, error: null, event: null };

/** The address of a run's stream with what is asked for besides. */
export function streamAddress(url: string, types: string, from: string | undefined): string {
  const wishes = new URLSearchParams({ ...(types && { types }), ...(from === "earliest" && { deliver: "all" }) });
  if (wishes.size === 0) return url;
  return `${url}${url.includes("?") ? "&" : "?"}${wishes}`;
}

/**
 * Follow a run and its events, each of which is told of when it comes, and drawn together with what it made of the run.
 *
 * @param handle null: there is nothing to follow.
 * @param types Families or types, comma-separated; "": all. A server that polls for us has asked for all of them.
 */
export function createStream(
  handle: RunHandle | null,
  types: string,
  tell: (event: RunEvent) => void,
): Shown<StreamState> {
  if (handle === null) return createShown(null, NOTHING);
  const wanted = types === "" ? null : types.split(",");
  const isWanted = ({ type }: RunEvent) => wanted?.some((one) => type === one || type.startsWith(`${one}.`)) ?? true;
  let event: RunEvent | null = null;
  let state: StreamState = { ...handle.getSnapshot(), event };
  const show = () => {
    state = { ...handle.getSnapshot(), event };
  };
  const subscribe = (changed: () => void) => {
    const ends = [
      handle.on("*", (came) => {
        if (!isWanted(came)) return;
        event = came;
        tell(came);
      }),
      handle.subscribe(() => {
        show();
        changed();
      }),
    ];
    show(); // what happened between drawing and this
    return () => {
      for (const end of ends) end();
    };
  };
  return { subscribe, state: () => state };
}
