/** A run as this project's React package shows it. */

import { Headway } from "@headway-run/client";
import { HeadwayProvider, useRun } from "@headway-run/react";
import { createRoot } from "react-dom/client";
import { View, wanted } from "./view.tsx";

const id = wanted();
const client = new Headway({ baseUrl: "/headway" });
const everyMs = Number(new URLSearchParams(location.search).get("every")) || undefined;

function Page() {
  const { run } = useRun(id, { everyMs });
  if (!run) return null;
  const main = run.phases.find((phase) => phase.id === "main");
  return (
    <View
      seq={run.seq}
      status={run.status}
      done={main?.done ?? 0}
      total={main?.total ?? 0}
      items={run.items}
      text={run.outputs["text"]?.text ?? ""}
      notes={run.notes.map((note) => note.body)}
    />
  );
}

createRoot(document.querySelector("main") as HTMLElement).render(
  <HeadwayProvider client={client}>
    <Page />
  </HeadwayProvider>,
);
