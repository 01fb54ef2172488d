/** A run without a framework, and an outbox for commands. */

import { createOutbox, type Outbox } from "@headway-run/client/outbox";
import { wanted } from "./address.ts";

declare global {
  interface Window {
    outbox: Outbox;
  }
}

const { client, id, recorder, run } = wanted();
recorder.listen(run);
// Of this run alone: what another test left behind is not sent.
window.outbox = createOutbox(client, { name: id });
