import { HeadwayProvider } from "@headway-run/react";
import { useEffect, useRef } from "react";
import { clients } from "./clients.ts";
import { HomePage } from "./home/HomePage.tsx";
import { useLater } from "./hooks/useLater.ts";
import { useRoute } from "./hooks/useRoute.ts";
import { HOME } from "./model/route.ts";
import { StrategyPage } from "./strategy/StrategyPage.tsx";

export function App() {
  const route = useRoute();
  const later = useLater();
  const id = route.page === "strategy" ? route.id : null;
  const shown = useRef(id);
  useEffect(() => {
    // Who opened the page by its address begins at its top; who walked to another begins where that begins.
    if (shown.current !== id) document.querySelector("main")?.focus();
    shown.current = id;
  }, [id]);
  return (
    <HeadwayProvider client={clients[route.page === "strategy" ? route.mode : "poll"]}>
      <header className="hw-masthead">
        <a className="hw-wordmark" href={HOME}>
          <img src="./icon.svg" alt="" width="28" height="28" />
          Strategy
        </a>
        <p className="hw-muted">An example of Headway</p>
      </header>
      {route.page === "home" ? (
        <HomePage later={later} />
      ) : (
        <StrategyPage key={route.id} id={route.id} mode={route.mode} later={later} />
      )}
    </HeadwayProvider>
  );
}
