/** What the page says of a state, in words. Pure. */

export const PHASES = [
  ["validation", "Validation"],
  ["snapshot_capture", "Capture"],
  ["data_collection", "Reading"],
  ["analysis", "Analysis"],
  ["report_generation", "Writing"],
  ["completed", "Storing"],
];

const RUNS = {
  queued: ["Waiting", "idle"],
  running: ["At work", "busy"],
  waiting: ["At work", "busy"],
  succeeded: ["Ready", "good"],
  partial: ["Ready, in part", "warn"],
  failed: ["Failed", "bad"],
  cancelled: ["Cancelled", "bad"],
};

const ROWS = {
  PENDING: ["Waiting", "idle"],
  IN_PROGRESS: ["At work", "busy"],
  COMPLETED: ["Ready", "good"],
  FAILED: ["Failed", "bad"],
};

const ITEMS = {
  planned: ["Planned", "idle"],
  running: ["Capturing", "busy"],
  finished: ["Captured", "good"],
  failed: ["Incomplete", "bad"],
};

const CONNECTIONS = {
  live: ["Live", "good"],
  connecting: ["Connecting", "idle"],
  stale: ["Waiting for the server", "warn"],
  backoff: ["Reconnecting", "warn"],
  offline: ["Offline", "warn"],
  closed: ["Not connected", "idle"],
  failed: ["Not connected", "bad"],
};

/** @returns {[string, string]} words and kind */
export const ofRun = (status) => RUNS[status] ?? [status, "idle"];
/** @param {string} status @param {string | null} run how the run stands; null: there is none */
export function ofItem(status, run) {
  if (status === "planned" && isOver(run)) return ["Not captured", "idle"];
  return ITEMS[status] ?? [status, "idle"];
}
/**
 * How far one phase is, by what it counts itself: nothing before it begins, a sign when it is over.
 *
 * @param {{ status: string, done: number, total: number | null } | undefined} phase of a run; undefined: not begun
 * @param {{ status: string }[]} items it works on, if it works on any
 * @returns {[string, string]} what stands beside it, and the same for those who do not see it
 */
export function ofPhase(phase, items) {
  if (phase === undefined || phase.status === "planned") return ["", "to come"];
  if (phase.status === "finished") return ["✓", "done"];
  if (phase.status === "failed") return ["✗", "failed"];
  const finished = items.filter(({ status }) => status === "finished").length;
  const [done, total] = items.length > 0 ? [finished, items.length] : [phase.done, phase.total];
  const amount = total === null ? "" : `${done} of ${total}`;
  return [amount, ["at work", amount].filter(Boolean).join(", ")];
}
export const isOver = (run) => ["succeeded", "partial", "failed", "cancelled"].includes(run);
export const ofConnection = ({ state, transport }) =>
  state === "live" && transport === "poll" ? ["Polling", "good"] : (CONNECTIONS[state] ?? [state, "idle"]);

/** What the status endpoint says, as long as the run itself is not there to say it. */
export function ofStatus({ status, partial, queuePosition, noWorker }) {
  if (status === "not_started") return ["Not asked for", "idle"];
  if (status === "generating") return RUNS[queuePosition || noWorker ? "queued" : "running"];
  return RUNS[status === "failed" ? "failed" : partial ? "partial" : "succeeded"];
}

export function ofReport(report) {
  if (report === null) return ["Not asked for", "idle"];
  const [words, kind] = ROWS[report.status] ?? [report.status, "idle"];
  return report.status === "COMPLETED" && report.captured < report.total ? ["In part", "warn"] : [words, kind];
}

/** @param {string | null | undefined} time @param {number} now */
export function until(time, now) {
  if (!time) return "";
  const seconds = Math.round((Date.parse(time) - now) / 1000);
  if (Number.isNaN(seconds)) return "";
  if (seconds <= 0) return "any moment now";
  return seconds < 90 ? `about ${seconds} s left` : `about ${Math.round(seconds / 60)} min left`;
}

export const clock = (time) =>
  new Date(time).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** The time, and the day when it is another one. */
export function when(time) {
  const at = new Date(time);
  const today = at.toDateString() === new Date().toDateString();
  const hours = { hour: "2-digit", minute: "2-digit" };
  return today
    ? at.toLocaleTimeString(undefined, hours)
    : at.toLocaleString(undefined, { day: "numeric", month: "short", ...hours });
}

export const many = (count, one, more = `${one}s`) => `${count} ${count === 1 ? one : more}`;

/** The address of a page without what all pages of its site have in common. */
export function pathOf(url) {
  try {
    const { pathname, search } = new URL(url);
    return pathname + search;
  } catch {
    return url;
  }
}

/** What happened to the attempts at a run, when there was more than one. */
export function ofAttempts(executions) {
  const lost = executions.filter((execution) => execution.outcome === "lost").length;
  return lost === 0 ? "" : `Taken over ${lost === 1 ? "once" : `${lost} times`}; what was captured was kept.`;
}

const EVENTS = {
  report_requested: () => "The report was asked for",
  report_started: ({ attempt }) => (attempt > 1 ? "A worker went on with it" : "A worker began"),
  worker_lost: () => "Its worker was lost",
  competitor_captured: ({ pages }, name) => `${name} was captured, ${many(pages, "page")}`,
  competitor_failed: (_, name) => `${name} could not be captured wholly`,
  report_completed: ({ dataCompletenessScore: score }) => `The report was ready, completeness ${score} of 100`,
  report_incomplete: ({ captured, total }) => `The report was ready, with ${captured} of ${many(total, "competitor")}`,
  report_failed: ({ message }) => `The report failed: ${message}`,
  report_cancelled: () => "The report was cancelled",
  report_retried: () => "It was asked for again",
};

/** @param {{ kind: string, details: object }} event @param {string} [name] of the competitor it is about */
export const ofEvent = ({ kind, details }, name = details.competitor) => EVENTS[kind]?.(details, name) ?? kind;
