/** The form for a new project, filled in with the demo's companies where there are any. */

import * as api from "./api.js";
import { h, set, show, text } from "./dom.js";

const COMPETITORS_MAX = 8;
const PRODUCT = "lanternwatch";

const title = (name) => name.charAt(0).toUpperCase() + name.slice(1);

/** @param {Record<string, string>} sites addresses of the demo's companies */
export function newProject(sites) {
  const rows = h("div", { class: "stack" });
  const error = h("p", { class: "error", id: "refused", role: "alert", hidden: true });
  const add = h("button", { type: "button", class: "button", onclick: () => row("", "").focus() }, "Add a competitor");
  const submit = h("button", { class: "button", "data-kind": "primary" }, "Make the report");
  const name = field("Your product", "name", PRODUCT in sites ? title(PRODUCT) : "", "Lanternwatch");
  const url = field("Its site", "url", sites[PRODUCT] ?? "", "https://example.com/", "url");

  function row(rival, address) {
    const remove = h("button", { type: "button", class: "button", onclick: () => drop() }, "Remove");
    const who = field("Competitor", "rival", rival, "Name");
    const where = field("Its site", "rival-url", address, "https://example.org/", "url");
    const line = h("div", { class: "rival", role: "group" }, who.label, where.label, remove);
    const drop = () => {
      line.remove();
      renumber();
      add.focus();
    };
    rows.append(line);
    renumber();
    return who.input;
  }

  function renumber() {
    [...rows.children].forEach((line, place) => {
      line.setAttribute("aria-label", `Competitor ${place + 1}`);
      line.lastElementChild.setAttribute("aria-label", `Remove competitor ${place + 1}`);
      show(line.lastElementChild, rows.children.length > 1);
    });
    add.disabled = rows.children.length >= COMPETITORS_MAX;
  }

  async function send(event) {
    event.preventDefault();
    const inputs = (line) => [...line.querySelectorAll("input")].map((input) => input.value.trim());
    const competitors = [...rows.children].map(inputs).map(([rival, address]) => ({ name: rival, url: address }));
    submit.disabled = true;
    show(error, false);
    for (const input of form.querySelectorAll("[aria-invalid]")) mark(input, false);
    try {
      const body = { name: name.input.value.trim(), productUrl: url.input.value.trim(), competitors };
      const { id } = await api.create(body);
      if (form.isConnected) location.hash = `#/projects/${id}`; // who went elsewhere meanwhile finds it in the list
    } catch (problem) {
      const input = inputAt(problem.place ?? []);
      const label = input?.labels[0].textContent;
      text(error, label ? `${label} “${input.value}”: ${problem.message}` : problem.message);
      show(error, true);
      if (input) mark(input, true).focus();
    } finally {
      submit.disabled = false;
    }
  }

  /** The input a refusal is about; its place is that in the body. */
  function inputAt([first, line, part]) {
    if (first === "competitors") return rows.children[line]?.querySelectorAll("input")[part === "url" ? 1 : 0];
    return { name: name.input, productUrl: url.input }[first];
  }

  const rivals = Object.entries(sites).filter(([site]) => site !== PRODUCT);
  for (const [site, address] of rivals.length ? rivals : [["", ""]]) row(title(site), address);
  const form = h(
    "form",
    { class: "panel stack", onsubmit: send, "aria-labelledby": "new-title" },
    h("h1", { id: "new-title" }, "Compare a product with its competitors"),
    h(
      "p",
      { class: "muted" },
      "Each site is captured page by page, then prices, features and words are compared. ",
      rivals.length ? "These companies are made up; " : "",
      "any public site works as well.",
    ),
    h("div", { class: "pair" }, name.label, url.label),
    rows,
    error,
    h("div", { class: "row" }, submit, add),
  );
  return form;
}

function mark(input, isWrong) {
  set(input, "aria-invalid", isWrong && "true");
  set(input, "aria-describedby", isWrong && "refused");
  return input;
}

function field(words, name, value, placeholder, type = "text") {
  const input = h("input", { name, value, placeholder, type, required: true, maxlength: type === "url" ? 2000 : 80 });
  return { input, label: h("label", {}, h("span", { class: "label" }, words), input) };
}
