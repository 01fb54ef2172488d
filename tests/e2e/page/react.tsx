/** A run with React, in StrictMode: every effect is run twice. */

import { HeadwayProvider, useRun } from "@headway-run/react";
import { Profiler, StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import { wanted } from "./address.ts";

const { client, id, recorder } = wanted();

function Watching() {
  const { connection, error, handle, run } = useRun(id);
  useEffect(() => (handle ? recorder.listen(handle) : undefined), [handle]);
  return <p>{error?.message ?? `${run?.status ?? "nothing yet"}, event ${run?.seq}, ${connection.state}`}</p>;
}

createRoot(document.querySelector("main") as HTMLElement).render(
  <StrictMode>
    <Profiler id="page" onRender={recorder.drawn}>
      <HeadwayProvider client={client}>
        <Watching />
      </HeadwayProvider>
    </Profiler>
  </StrictMode>,
);
