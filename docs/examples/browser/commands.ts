import { Headway } from "@headway-run/client";
import { createOutbox } from "@headway-run/client/outbox";

const headway = new Headway({ baseUrl: "/headway" });

/** One for the page. It begins to send what an earlier page has left. */
export function open(user: { id: string }, list: HTMLElement, say: (text: string) => void): () => void {
  const outbox = createOutbox(headway, { name: user.id });
  const show = () => {
    const lines = outbox.getSnapshot().entries.map(({ label, state, trouble }) => {
      const line = document.createElement("li");
      line.textContent = `${label}: ${trouble ?? state}`;
      return line;
    });
    list.replaceChildren(...lines);
  };
  const ends = [
    outbox.subscribe(show),
    outbox.onSettled(({ label, error }) => say(error ? `${label}: ${error.message}` : `${label}: done`)),
  ];
  // --8<-- [start:commands]
  const { run } = headway.run("run_1").getSnapshot();
  if (run) {
    outbox.cancel(run.run_id, { attempt: run.attempt, reason: "changed my mind" });
    outbox.retry(run.run_id, { seq: run.seq, items: ["day:3"], label: "Plan day 3 again" });
    outbox.answer(run.run_id, "approve", { go: true, limit: 95 });
  }
  outbox.send({ url: "/api/bookings", id: "booking-17", label: "Book", body: { seat: "4a" } });
  // --8<-- [end:commands]
  return () => {
    for (const end of ends) end();
    outbox.close();
  };
}
