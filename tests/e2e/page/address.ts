/** What is to be watched, and how: it stands in the page's address. */

import { Headway, type HeadwayOptions, type RunHandle } from "@headway-run/client";
import { createRecorder, type Recorder } from "./record.ts";

interface Wanted {
  client: Headway;
  recorder: Recorder;
  run: RunHandle;
  id: string;
}

/** One after the other, whenever the last one was refused. */
function tokens(given: string[]): HeadwayOptions["getToken"] {
  const left = [...given];
  return ({ refresh }) => {
    if (refresh && left.length > 1) left.shift();
    return left[0] ?? null;
  };
}

/** Read `?run=<id>&options=<JSON of HeadwayOptions, with a list of tokens>`; `more` is what JSON cannot say. */
export function wanted(more: HeadwayOptions = {}): Wanted {
  const query = new URLSearchParams(location.search);
  const id = query.get("run") ?? "";
  const { tokens: given, ...options } = JSON.parse(query.get("options") ?? "{}");
  const recorder = createRecorder();
  const client = new Headway({
    baseUrl: "/headway",
    fetch: recorder.fetch,
    getToken: given && tokens(given),
    ...options,
    ...more,
  });
  return { client, recorder, run: client.run(id), id };
}
