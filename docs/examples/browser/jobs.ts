import { Headway } from "@headway-run/client";
import { type CreateRun, createRun } from "@headway-run/client/faces";

/** What your jobs take and give. */
type Jobs = {
  itinerary: { input: { city: string; days: number }; result: { cost: number }; item: { places: string[] } };
};

const create: CreateRun<Jobs> = createRun;
const headway = new Headway({ baseUrl: "/headway" });

/** Plan a trip. Returns how to stop watching; the trip is planned all the same. */
export function plan(city: string, say: (text: string) => void): () => void {
  const { stop } = create(
    headway,
    "itinerary",
    { city, days: 3 },
    {
      onProgress: ({ message, progress }) => say(`${progress ?? "?"} %: ${message}`),
      onItem: ({ places }, { title }) => say(`${title}: ${places.join(", ")}`),
      onComplete: ({ cost }) => say(`It costs ${cost}.`),
      onError: ({ message, during }) => say(during === "connection" ? `${message} The trip is planned on.` : message),
      onStillRunning: () => say("It takes a little longer."),
    },
    { maxAttempts: 3, startTimeoutMs: 10_000 },
  );
  return stop;
}
