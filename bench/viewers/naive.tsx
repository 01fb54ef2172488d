/** A run as one shows it who has an EventSource and useState: every event of the log is one step of a reducer. */

import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { type Shown, View, wanted } from "./view.tsx";

interface Told {
  seq: number;
  type: string;
  data: { key: string; title: string | null; delta: string; done: number; total: number; body: string };
}

const EMPTY: Shown = { seq: 0, status: "running", done: 0, total: 0, items: {}, text: "", notes: [] };

function reduce(shown: Shown, { seq, type, data }: Told): Shown {
  const next = { ...shown, seq };
  switch (type) {
    case "item.started":
      return { ...next, items: { ...shown.items, [data.key]: { title: data.title, status: "running" } } };
    case "item.finished": {
      const title = shown.items[data.key]?.title ?? null;
      return { ...next, items: { ...shown.items, [data.key]: { title, status: "finished" } } };
    }
    case "output.appended":
      return { ...next, text: shown.text + data.delta };
    case "phase.progressed":
      return { ...next, done: data.done, total: data.total };
    case "note":
      return { ...next, notes: [...shown.notes, data.body].slice(-200) };
    default:
      return next;
  }
}

function Page() {
  const [shown, setShown] = useState(EMPTY);
  useEffect(() => {
    const query = "from=earliest&deliver=all&named=0";
    const source = new EventSource(`/headway/v1/runs/${wanted()}/stream?${query}`);
    source.onmessage = ({ data }) => {
      const event: Told = JSON.parse(data);
      setShown((before) => reduce(before, event));
    };
    return () => source.close();
  }, []);
  return <View {...shown} />;
}

createRoot(document.querySelector("main") as HTMLElement).render(<Page />);
