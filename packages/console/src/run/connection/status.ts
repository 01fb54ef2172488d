import { createStatus, type Status } from "@headway-run/client/status";
import { observeBy } from "../../client.ts";

/** How the connections of this page stand and stood. */
export const status: Status = createStatus();
observeBy(status);
