/** The page: which project is shown, its stream, and everything that is asked for now and then. */

import { Headway } from "/headway/client.js";
import * as api from "./api.js";
import { each, h, set, show, text } from "./dom.js";
import { newProject } from "./form.js";
import { showHappened } from "./happened.js";
import { projectView } from "./project.js";
import { clock, many, ofReport, when } from "./words.js";

const LOOK_MS = 2_500;
const headway = new Headway({ baseUrl: "/headway" });
const element = (id) => document.getElementById(id);
const main = element("main");
const NOWHERE = { view: null, project: null, projectId: null, runId: null, lost: false, leave: () => {} };
const page = { demo: { sites: {}, kill: false }, ...NOWHERE };
const looks = { asked: 0, drawn: 0 };

const say = (words) => text(element("said"), words);

// ------------------------------------------------------------------------------------------------ where one is

async function route() {
  page.leave();
  Object.assign(page, NOWHERE);
  showEvents([]);
  document.title = "Report";
  const id = location.hash.match(/^#\/projects\/([\w.:-]+)$/)?.[1];
  if (id === undefined) {
    main.replaceChildren(newProject(page.demo.sites));
  } else {
    page.projectId = id;
    main.replaceChildren(h("p", { class: "muted" }, "Loading …")); // what was there is of another project
    open(id).then(look);
  }
  look();
}

async function open(id) {
  try {
    const project = await api.project(id);
    if (page.projectId !== id || page.view !== null) return; // somebody went on meanwhile, or it is there already
    page.lost = false;
    document.title = `${project.name} - Report`;
    page.project = project;
    page.view = projectView(project, { kill: page.demo.kill, say, changed: look });
    main.replaceChildren(page.view.element);
    watch(project.report?.runId ?? null);
  } catch (refused) {
    if (page.projectId !== id || page.view !== null) return;
    const lost = refused.code !== "project_not_found";
    if (!(lost && page.lost)) main.replaceChildren(missing(lost)); // what was said is not said again
    page.lost = lost;
  }
}

function missing(lost) {
  return h(
    "section",
    { class: "panel stack", role: "alert" },
    h("h1", {}, lost ? "This project cannot be shown now" : "There is no such project"),
    h("p", {}, lost ? "It is shown as soon as it can be read again." : "It may have been of another demo."),
    !lost && h("div", { class: "row" }, h("a", { class: "button", href: "#/" }, "New project")),
  );
}

// ------------------------------------------------------------------------------------------------ live

function watch(runId) {
  if (runId === null || runId === page.runId) return;
  page.runId = runId;
  const handle = headway.run(runId);
  let before = null;
  const draw = () => {
    const { run, connection } = handle.getSnapshot();
    page.view.showConnection(connection);
    if (run === null) return;
    page.view.showRun(run);
    if (run.status !== before) look();
    before = run.status;
  };
  page.leave = handle.subscribe(draw);
  draw();
}

// ------------------------------------------------------------------------------------------------ now and then

async function look() {
  const mine = ++looks.asked;
  const id = page.projectId;
  if (page.lost) open(id);
  const [listed, status, events, numbers] = await Promise.allSettled([
    api.projects(),
    id === null ? Promise.resolve(null) : api.status(id),
    id === null ? Promise.resolve(null) : api.happened(id),
    api.statistics(),
  ]);
  if (mine < looks.drawn) return; // what a later one has told is newer
  looks.drawn = mine;
  if (listed.status === "fulfilled") showProjects(listed.value.projects);
  else showNoProjects("They are not known at present.");
  if (numbers.status === "fulfilled") showNumbers(numbers.value);
  if (id === page.projectId && page.view !== null && status.status === "fulfilled") {
    page.view.showStatus(status.value);
    watch(status.value.runId ?? null);
  }
  if (id === page.projectId && events.status === "fulfilled") showEvents(events.value?.events ?? []);
  showDegraded([listed, status]);
}

function showDegraded(answers) {
  const notice = element("degraded");
  const [listed, status] = answers;
  const known = status.status === "fulfilled" && status.value?.degraded ? status.value : null;
  const lost = answers.map(({ reason }) => reason?.code).find((code) => code !== undefined);
  const goesOn = "Everything goes on by itself when they are back.";
  if (known !== null && page.view !== null)
    text(notice, `Queue and database do not answer. This is what was known at ${clock(known.timestamp)}. ${goesOn}`);
  else if (known !== null || lost === "store_unavailable") text(notice, `Queue and database do not answer. ${goesOn}`);
  else if (lost === "unreachable") text(notice, "The server does not answer. This is what was known last.");
  else if (lost !== undefined && lost !== "project_not_found")
    text(notice, listed.reason?.message ?? status.reason?.message);
  show(notice, known !== null || (lost !== undefined && lost !== "project_not_found"));
}

function showNoProjects(words) {
  text(element("no-projects"), words);
  show(element("no-projects"), element("projects").childElementCount === 0);
}

function showProjects(projects) {
  each(
    element("projects"),
    projects.map((project) => [project.id, project]),
    () => {
      const link = h("a");
      const made = h("time", { class: "muted small" });
      const badge = h("span", { class: "badge" });
      const update = (project) => {
        const [words, kind] = ofReport(project.report);
        text(link, project.name);
        set(link, "href", `#/projects/${project.id}`);
        set(link, "aria-current", project.id === page.projectId ? "page" : null);
        set(made, "datetime", project.createdAt);
        text(made, when(project.createdAt));
        text(badge, words);
        set(badge, "data-kind", kind);
      };
      return { element: h("li", {}, link, made, badge), update };
    },
  );
  showNoProjects("None yet.");
}

function showEvents(events) {
  show(element("events"), events.length > 0);
  showHappened(element("happened"), events, page.project?.competitors ?? []);
}

function showNumbers({ open: streams, max_connections: most, store, late_calls: late }) {
  const waiting = late ? ` · ${many(late, "call")} late` : "";
  text(
    element("numbers"),
    `${streams.toLocaleString("en")} of ${most.toLocaleString("en")} streams open · ${store}${waiting}`,
  );
}

// ------------------------------------------------------------------------------------------------ begin

addEventListener("hashchange", () => {
  main.focus({ preventScroll: true }); // what had the focus is gone with the page before
  scrollTo(0, 0);
  route();
});
element("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address says which project is shown
  main.focus();
});
document.addEventListener("visibilitychange", () => document.hidden || look());
setInterval(() => document.hidden || look(), LOOK_MS);
setInterval(() => page.view?.tick(), 1_000);
page.demo = await api.demo().catch(() => page.demo);
await route();
