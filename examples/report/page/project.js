/** One project: how its report stands, live, and the report itself. */

import * as api from "./api.js";
import { card } from "./competitors.js";
import { each, h, set, show, text } from "./dom.js";
import { many, ofAttempts, ofConnection, ofPhase, ofRun, ofStatus, PHASES, until, when } from "./words.js";

/**
 * @param {object} project as the API tells it
 * @param {{ kill: boolean, say: (words: string) => void, changed: () => void }} page
 */
export function projectView(project, page) {
  const title = h("h1", { id: "project-title", tabindex: -1 }, project.name);
  const badge = h("span", { class: "badge", id: "status" });
  const pill = h("span", { class: "badge", id: "connection", hidden: true });
  const bar = h("progress", { max: 100, value: 0, "aria-label": "Report" });
  const percent = h("strong", { class: "percent" });
  const message = h("p", { id: "message" });
  const eta = h("p", { class: "muted small", id: "eta" });
  const queue = h("p", { class: "muted small", id: "queue", hidden: true });
  const strip = h("ol", { class: "phases", "aria-label": "Phases" });
  const worker = h("p", { class: "small", id: "worker", hidden: true });
  const error = h("p", { class: "notice", "data-kind": "bad", role: "alert", hidden: true });
  const problem = h("p", { class: "error", role: "alert", hidden: true });
  const cards = h("ul", { class: "cards" });
  const report = reportPart();
  const start = button("Make the report", "primary", () => api.start(project.id).then(page.changed));
  const retry = button("Try again", "primary", () => api.retry(project.id));
  const kill = button("Kill its worker", "danger", async () => {
    const { killed } = await api.kill(shown.run.run_id);
    page.say(`Worker ${killed} was killed; another one takes over.`);
    shown.killed = killed;
    showWorker(shown.run);
  });
  const shown = { run: null, status: null, connection: null, said: "", killed: null };

  function button(words, kind, act) {
    const made = h("button", { type: "button", class: "button", "data-kind": kind, hidden: true }, words);
    made.addEventListener("click", async () => {
      const hadFocus = document.activeElement === made;
      made.disabled = true;
      show(problem, false);
      try {
        await act();
      } catch (refused) {
        text(problem, refused.message);
        show(problem, true);
      } finally {
        made.disabled = false;
        if (hadFocus && document.activeElement === document.body) (made.hidden ? title : made).focus();
      }
    });
    return made;
  }

  /** A button that goes away hands the focus on: who uses the keyboard would begin at the top of the page again. */
  function offer(made, visible) {
    const hadFocus = document.activeElement === made;
    show(made, visible);
    if (hadFocus && !visible) title.focus();
  }

  const element = h(
    "div",
    { class: "stack" },
    h(
      "section",
      { class: "panel stack", "aria-labelledby": "project-title" },
      h("div", { class: "row spread" }, title, h("div", { class: "row" }, badge, pill)),
      h("div", { class: "row progress" }, bar, percent),
      strip,
      h("div", {}, message, eta, queue, worker),
      error,
      problem,
      h("div", { class: "row" }, start, retry, kill),
    ),
    h("section", { "aria-labelledby": "captures-title" }, h("h2", { id: "captures-title" }, "Competitors"), cards),
    report.element,
  );
  each(cards, planned(project), card);
  each(strip, phasesOf(null), phase);

  /** What the status endpoint says: also of what stands in no run. */
  function showStatus(status) {
    shown.status = status;
    const { queuePosition: position, noWorker } = status;
    text(queue, noWorker ? "No worker is there that would take it." : `Place ${position} in the queue`);
    show(queue, Boolean(position || noWorker));
    offer(start, status.status === "not_started");
    showConnection(shown.connection);
    if (shown.run !== null) showWorker(shown.run);
    if (shown.run === null) {
      showStanding(ofStatus(status), status.progress);
      text(message, status.message);
    }
    if (status.status === "completed") report.update(status);
    else report.hide();
  }

  function showStanding([words, kind], done) {
    text(badge, words);
    set(badge, "data-kind", kind);
    set(bar, "value", done);
    set(bar, "data-kind", kind);
    text(percent, `${Math.floor(done)} %`);
  }

  /** What the run's stream says. */
  function showRun(run) {
    if (run.status !== shown.run?.status) show(problem, false); // what was asked for has been done, or is no matter now
    shown.run = run;
    const [words, kind] = ofRun(run.status);
    showStanding([words, kind], run.progress.percent ?? 0);
    text(message, messageOf(run));
    offer(start, false);
    offer(retry, ["partial", "failed", "cancelled"].includes(run.status));
    text(error, run.error ? [run.error.message, run.error.hint].filter(Boolean).join(". ") : "");
    show(error, run.status === "failed");
    showWorker(run);
    each(strip, phasesOf(run), phase);
    each(cards, captures(run), card);
    tick();
    announce(run, words);
  }

  function showWorker(run) {
    const last = run.custom.worker?.[""];
    const attempts = ofAttempts(run.executions);
    const isKilled = run.status === "running" && last !== undefined && last.pid === shown.killed;
    const now = isKilled ? "It was killed; another one takes over within seconds." : attempts;
    text(worker, [last && `Worker ${last.pid} on ${last.host}.`, now].filter(Boolean).join(" "));
    show(worker, Boolean(last) && run.status !== "queued");
    offer(kill, page.kill && run.status === "running" && !isKilled && !shown.status?.degraded);
  }

  function announce(run, words) {
    const now = `${project.name}: ${words}${run.status === "running" ? `, ${currentPhase(run)}` : ""}`;
    if (now !== shown.said) page.say(now);
    shown.said = now;
  }

  function tick() {
    const open = shown.run?.status === "running" || shown.run?.status === "queued";
    text(
      eta,
      open && !shown.status?.degraded
        ? until(shown.run.progress.eta ?? shown.status?.estimatedCompletionTime, Date.now())
        : "",
    );
  }

  function showConnection(connection) {
    shown.connection = connection;
    if (connection === null) return;
    const isOld = connection.state === "live" && shown.status?.degraded; // the server is there, what it knows is not new
    const [words, kind] = isOld ? ["As last known", "warn"] : ofConnection(connection);
    text(pill, words);
    set(pill, "data-kind", kind);
    show(pill, connection.state !== "closed"); // it is closed when the run has ended: there is nothing to wait for
  }

  return { element, showStatus, showRun, showConnection, tick };
}

function planned(project) {
  const item = (name) => ({ title: name, status: "planned", progress: null, error: null });
  return project.competitors.map(({ key, name }) => [key, { item: item(name), captured: [], run: null }]);
}

/** The competitors of a run, each with the pages that were captured of it. */
function captures(run) {
  const items = Object.entries(run.items);
  const pages = items.filter(([, { kind, status }]) => kind === "page" && status === "finished");
  const pagesOf = (key) => pages.filter(([, { parent }]) => parent === key);
  return items
    .filter(([, { kind }]) => kind === "competitor")
    .map(([key, item]) => [key, { item, captured: pagesOf(key).map(([, { data }]) => data), run: run.status }]);
}

/** The phases, each with how far it is itself; of no run: none of them has begun. */
function phasesOf(run) {
  const known = new Map((run?.phases ?? []).map((entry) => [entry.id, entry]));
  const competitors = Object.values(run?.items ?? {}).filter(({ kind }) => kind === "competitor");
  return PHASES.map(([id, words]) => {
    const [amount, spoken] = ofPhase(
      known.get(id),
      competitors.filter((item) => item.phase === id),
    );
    return [id, { words, amount, spoken, state: known.get(id)?.status ?? "planned" }];
  });
}

function phase() {
  const name = h("span");
  const mark = h("span", { class: "muted" });
  const element = h("li", {}, name, mark);
  return {
    element,
    update: ({ words, amount, spoken, state }) => {
      text(name, words);
      text(mark, amount);
      set(element, "data-state", state);
      set(element, "aria-current", state === "running" ? "step" : null);
      set(element, "aria-label", `${words}: ${spoken}`);
    },
  };
}

function currentPhase(run) {
  const running = run.phases.find(({ status }) => status === "running");
  return PHASES.find(([id]) => id === running?.id)?.[1] ?? "beginning";
}

function messageOf(run) {
  if (run.status === "queued") return "Waiting for a worker";
  if (run.status === "running") return captureOf(run) ?? run.progress.message ?? "A worker has begun";
  const failed = Object.values(run.items).filter(
    ({ kind, status }) => kind === "competitor" && status === "failed",
  ).length;
  if (run.status === "succeeded") return "The report is ready";
  if (run.status === "partial")
    return `The report is ready; ${many(failed, "competitor")} could not be captured wholly`;
  return run.status === "failed" ? "The report failed" : "The report was cancelled";
}

function captureOf(run) {
  if (!run.phases.some(({ id, status }) => id === "snapshot_capture" && status === "running")) return null;
  const items = Object.values(run.items).filter(({ kind }) => kind === "competitor");
  const now = items.filter(({ status }) => status === "running").map(({ title }) => title);
  return `Captured ${items.filter(({ status }) => status === "finished").length} of ${items.length}${now.length ? `, now ${now.join(", ")}` : ""}`;
}

function reportPart() {
  const scores = h("dl", { class: "scores" });
  const pdf = h("a", { class: "button", "data-kind": "primary" }, "Open the PDF");
  const whole = h("a", { class: "button", target: "_blank", rel: "noopener" }, "Open the page");
  const frame = h("iframe", { title: "The report", sandbox: "allow-popups", loading: "lazy" });
  const element = h(
    "section",
    { class: "panel stack", "aria-labelledby": "report-title", hidden: true },
    h(
      "div",
      { class: "row spread" },
      h("h2", { id: "report-title" }, "The report"),
      h("div", { class: "row" }, pdf, whole),
    ),
    scores,
    frame,
  );
  let loaded = "";
  return { element, update, hide: () => show(element, false) };

  function update(status) {
    const base = `/api/reports/${status.reportId}`;
    const version = `${base}/page?made=${encodeURIComponent(status.generatedAt ?? "")}`;
    set(pdf, "href", `${base}/pdf`);
    set(whole, "href", `${base}/page`);
    if (version !== loaded) load(version);
    const { captured, total, capturedAt } = status.competitorSnapshotsStatus ?? {};
    const facts = [
      ["Completeness", `${status.dataCompletenessScore ?? "?"} of 100`],
      ["Freshness", status.dataFreshness ?? "unknown"],
      ["Captured", `${captured} of ${total}${capturedAt ? `, ${when(capturedAt)}` : ""}`],
      ["Made", status.generatedAt ? when(status.generatedAt) : "?"],
    ];
    each(
      scores,
      facts.map(([name, value]) => [name, { name, value }]),
      fact,
    );
    show(element, true);
  }

  /** A frame does not tell that it shows an error: it gets the page once the page can be had. */
  async function load(version) {
    loaded = version;
    const isThere = await api.isThere(version);
    if (loaded !== version) return;
    if (isThere) frame.src = version;
    else loaded = ""; // it is tried again with the next status
  }

  function fact() {
    const term = h("dt");
    const detail = h("dd");
    return {
      element: h("div", {}, term, detail),
      update: ({ name, value }) => {
        text(term, name);
        text(detail, value);
      },
    };
  }
}
