import { useKeptFocus } from "@headway-run/react";
import { Problem } from "@headway-run/react/components";
import { useEffect } from "react";
import { listCities, readDemo } from "../api.ts";
import { useFetched } from "../hooks/useFetched.ts";
import { ProviderDial } from "../provider/ProviderDial.tsx";
import { RecentTrips } from "./RecentTrips.tsx";
import { TripForm } from "./TripForm.tsx";

export function HomePage() {
  const cities = useFetched(listCities);
  const { data: demo } = useFetched(readDemo);
  const kept = useKeptFocus<HTMLDivElement>();
  useEffect(() => {
    document.title = "Plan a trip – Itinerary";
  }, []);
  return (
    <main className="hw-page" tabIndex={-1}>
      <h1>Plan a trip</h1>
      <p className="lead">
        Every day is planned while you watch, from opening hours and walking times. Close the page whenever you like:
        the planning goes on, and the trip is here when you come back.
      </p>
      <div className="columns">
        <div className="stack" {...kept}>
          {cities.data && <TripForm cities={cities.data} />}
          {!cities.data && cities.trouble && <NoCities trouble={cities.trouble} onRetry={cities.reload} />}
          {!cities.data && !cities.trouble && <p className="hw-panel hw-muted">Asking which cities there are…</p>}
        </div>
        <aside className="stack">
          <RecentTrips />
          <ProviderDial searchS={demo?.search_s ?? null} />
        </aside>
      </div>
    </main>
  );
}

function NoCities({ trouble, onRetry }: { trouble: string; onRetry: () => void }) {
  const retry = (
    <button type="button" className="hw-button" onClick={onRetry}>
      Try again
    </button>
  );
  return (
    <div className="hw-panel stack">
      <h2>The cities could not be listed</h2>
      <Problem action={retry} hint="They come from the place provider; it may be switched off, see “Place provider”.">
        {trouble}
      </Problem>
    </div>
  );
}
