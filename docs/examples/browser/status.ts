import { Headway } from "@headway-run/client";
import { createLog, createStatus } from "@headway-run/client/status";

const status = createStatus({ log: createLog() });
export const headway: Headway = new Headway({ baseUrl: "/headway", observe: status.observe, fetch: status.fetch });

/** Show how the connections are, say when one has ended for good, and copy a report. Returns how to stop. */
export function show(pill: HTMLElement, copy: HTMLButtonElement, say: (title: string, text: string) => void): () => void {
  const draw = () => {
    const { word, text } = status.getSnapshot();
    pill.textContent = word;
    pill.title = text;
  };
  copy.onclick = () => navigator.clipboard.writeText(status.copyReport());
  draw();
  const ends = [
    status.subscribe(draw),
    status.onFailure(({ word, text, error }) => say(word, `${text} (${error.message})`)),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** For your own monitoring. */
export function figures(): Record<string, number> {
  const { connects, failures, downtimeMs, latencyMs } = status.getMetrics();
  return { connects, network: failures.network ?? 0, downtimeMs, latencyMs: latencyMs?.mean ?? 0 };
}
