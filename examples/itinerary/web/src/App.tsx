import { HomePage } from "./home/HomePage.tsx";
import { useRoute } from "./hooks/useRoute.ts";
import { HOME } from "./model/route.ts";
import { TripPage } from "./trip/TripPage.tsx";

export function App() {
  const route = useRoute();
  return (
    <>
      <header className="masthead">
        <a className="wordmark" href={HOME}>
          <img src="./icon.svg" alt="" width="28" height="28" />
          Itinerary
        </a>
        <p className="muted">An example of Headway: live, durable progress for long jobs</p>
      </header>
      {route.page === "trip" ? <TripPage key={route.id} id={route.id} /> : <HomePage />}
    </>
  );
}
