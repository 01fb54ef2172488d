import type { ConnectionRecord } from "@headway-run/react/components";
import { useEffect, useRef } from "react";
import type { Line } from "./breaking/line.ts";
import { HomePage } from "./home/HomePage.tsx";
import { useRoute } from "./hooks/useRoute.ts";
import { HOME } from "./model/route.ts";
import { ItineraryCreationView } from "./trip/ItineraryCreationView.tsx";

interface AppProps {
  line: Line;
  record: ConnectionRecord;
}

export function App({ line, record }: AppProps) {
  const route = useRoute();
  const id = route.page === "trip" ? route.id : null;
  const shown = useRef(id);
  useEffect(() => {
    // Who opened the page by its address begins at its top; who walked to another begins where that begins.
    if (shown.current !== id) document.querySelector("main")?.focus();
    shown.current = id;
  }, [id]);
  return (
    <>
      <header className="hw-masthead">
        <a className="hw-wordmark" href={HOME}>
          <img src="./icon.svg" alt="" width="28" height="28" />
          Itinerary
        </a>
        <p className="hw-muted">An example of Headway</p>
      </header>
      {id === null ? <HomePage /> : <ItineraryCreationView key={id} runId={id} line={line} record={record} />}
    </>
  );
}
