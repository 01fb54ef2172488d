/** What an observer is told: the raw material of metrics, logs and reports. */

import type { ConnectionInfo } from "./connection.ts";
import type { RunEvent } from "./contract.gen.ts";
import type { Applied } from "./fold.ts";
import type { Sign } from "./machine.ts";

/** Something that happened to the connection of one run. */
export type Note = {
  /** Address of the run's stream. */
  readonly run: string;
  /** How the connection stands after it. */
  readonly info: ConnectionInfo;
} & (
  | {
      /** What became of an event that came: `duplicate` and `gap` are mended by the client itself. */
      readonly sign: Applied;
      readonly detail: RunEvent;
    }
  | {
      readonly sign: Sign;
      /** `heard`: number of bytes that came; `opened`: the server's time, where it said so. */
      readonly detail?: number | string | undefined;
    }
);
