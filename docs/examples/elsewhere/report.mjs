// Create a run, report to it, end it, with nothing but fetch: HEADWAY=http://… node report.mjs
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

const HEADWAY = process.env.HEADWAY ?? "http://127.0.0.1:8000/headway";

async function post(path, body, headers = {}) {
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await fetch(`${HEADWAY}/v1/${path}`, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...headers },
        body: JSON.stringify(body),
      });
      const told = await answer.json();
      if (answer.ok) return told;
      if (!told.retryable) throw Object.assign(new Error(told.detail), { final: true, code: told.code });
    } catch (error) {
      if (error.final || attempt === 20) throw error;
    } // the server is away, or its answer was lost: the same request again, its keys make it count once
    await sleep(Math.min(5000, 100 * 2 ** attempt) * (0.5 + Math.random() / 2));
  }
}

const about = { title: "Nightly import", kind: "import", lease_s: 600 };
const { id, execution_id } = await post("runs", about, { "Idempotency-Key": randomUUID() });
console.log(id);

async function report(...events) {
  const answer = await post(`runs/${id}/events`, { execution_id, events });
  if (answer.cancel_requested) throw new Error("somebody wants the run to stop");
}

for (const table of ["customers", "orders"]) {
  await report({ type: "item.finished", key: table, data: { key: table, data: { rows: 1000 } } });
}
await report({ type: "run.succeeded", key: "end", data: { result: { tables: 2 } } });
