/** Several runs without a framework, watched over one connection. */

import { Headway } from "@headway-run/client";
import { many } from "@headway-run/client/many";
import { createRecorder, type Recorder } from "./record.ts";

const query = new URLSearchParams(location.search);
const ids = (query.get("run") ?? "").split(",");
const recorders: Recorder[] = [];
for (const id of ids) recorders.unshift(createRecorder(id, recorders[0]?.fetch));
const [outermost] = recorders;
const options = JSON.parse(query.get("options") ?? "{}");
const client = new Headway({ baseUrl: "/headway", fetch: outermost?.fetch, stream: many(), ...options });

window.each = ids.map((id, number) => {
  recorders.at(-1 - number)?.listen(client.run(id));
  return window.watching;
});
