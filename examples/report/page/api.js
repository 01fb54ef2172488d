/** Asking the API: every answer in JSON, every refusal as an error that says what is wrong. */

/** What the API refuses, or why it does not answer. */
export class Refused extends Error {
  /** @param {string} code @param {string} text @param {string | null} hint @param {(string | number)[]} place in the body */
  constructor(code, text, hint = null, place = []) {
    super(hint ? `${text} (${hint})` : text);
    this.code = code;
    this.place = place;
  }
}

const PATIENCE_MS = 8_000;

/**
 * @param {string} path
 * @param {{ method?: string, body?: unknown }} [options]
 */
export async function ask(path, { method = "GET", body } = {}) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const request = { method, headers, body: body === undefined ? undefined : JSON.stringify(body) };
  let answer;
  try {
    answer = await fetch(path, { ...request, signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    throw new Refused("unreachable", "The server does not answer");
  }
  const json = await answer.json().catch(() => null);
  if (answer.ok && json !== null) return json;
  throw refused(json, answer.status);
}

/** Whether an address can be read at present. @param {string} path */
export async function isThere(path) {
  try {
    const answer = await fetch(path, { signal: AbortSignal.timeout(PATIENCE_MS) });
    await answer.text();
    return answer.ok;
  } catch {
    return false;
  }
}

function refused(problem, status) {
  if (typeof problem?.detail === "string") return new Refused(problem.code ?? "refused", problem.detail, problem.hint);
  const first = Array.isArray(problem?.detail) ? problem.detail[0] : null;
  if (first) return new Refused("invalid", first.msg.replace(/^Value error, /, ""), null, first.loc.slice(1));
  return new Refused("refused", `The server answered ${status}`);
}

export const projects = () => ask("/api/projects");
export const project = (id) => ask(`/api/projects/${encodeURIComponent(id)}`);
export const status = (id) => ask(`/api/projects/${encodeURIComponent(id)}/initial-report-status`);
export const happened = (id) => ask(`/api/projects/${encodeURIComponent(id)}/business-events`);
export const create = (body) => ask("/api/projects", { method: "POST", body });
export const start = (id) => ask(`/api/projects/${encodeURIComponent(id)}/initial-report`, { method: "POST" });
export const retry = (id) => ask(`/api/projects/${encodeURIComponent(id)}/initial-report/retry`, { method: "POST" });
export const demo = () => ask("/api/demo");
export const statistics = () => ask("/api/demo/statistics");
export const kill = (runId) => ask("/api/demo/kill", { method: "POST", body: { runId } });
export const turn = (dial) => ask("/api/demo/dial", { method: "PUT", body: dial });
