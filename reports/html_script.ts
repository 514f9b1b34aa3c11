/**
 * Script of the HTML report: filter and search, kept in the fragment of the address, keys, and buttons to copy.
 * It reads the page and holds no data, so that nothing of a server can get into it.
 */
export const SCRIPT = `"use strict";
(() => {
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const make = (tag, properties, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
const cells = all(".strip .cells a");
const rows = all(".k").map((details, i) => ({
  details,
  item: details.parentElement,
  suite: details.closest(".su"),
  summary: details.querySelector("summary"),
  id: details.querySelector(".b").id,
  meaning: details.querySelector(".m").lastChild.data.trim(),
  level: details.querySelector(".l").textContent,
  cell: cells[i],
}));
const suites = all(".su").map((details) => ({
  details,
  id: details.querySelector("h3").id,
  open: false,
  rows: rows.filter((row) => row.suite === details),
}));
let state = { q: "", v: [], l: "", s: "", at: "" };

const textOf = (row) =>
  row.text ??= [row.summary, ...all(".q,.j,.note", row.details)]
    .map((part) => part.textContent).join(" ").toLowerCase();
const isFiltering = () => state.q.trim() !== "" || state.v.length > 0 || state.l !== "" || state.s !== "";
const matches = (row, words, suite) =>
  (state.v.length === 0 || state.v.includes(row.meaning)) &&
  (state.l === "" || state.l === row.level) &&
  (state.s === "" || state.s === suite.id) &&
  words.every((word) => textOf(row).includes(word));

const search = make("input", { type: "search", placeholder: "Search cases ( / )", ariaLabel: "Search id, title, clause and reason" });
const choice = (name, values) => {
  const options = values.map(([value, text]) => make("option", { value }, text));
  return make("select", { ariaLabel: name }, make("option", { value: "" }, "Every " + name.toLowerCase()), ...options);
};
const levels = choice("Level", [...new Set(rows.map((row) => row.level))].map((level) => [level, level]));
const areas = choice("Suite", suites.map(({ id }) => [id, id]));
const count = make("output", {});
const clear = make("button", { type: "button" }, "Clear");
const help = make("button", { type: "button", ariaLabel: "Keys", title: "Keys" }, "?");
const verdicts = all(".counts .m").map((mark) => {
  const button = make("button", { type: "button" });
  mark.replaceWith(button);
  button.append(mark);
  return { button, meaning: mark.dataset.meaning };
});
const keys = [["/", "search"], ["j or ↓", "next case"], ["k or ↑", "previous case"], ["Enter", "open or close the case"],
  ["Esc", "close the case, then clear the filter"], ["?", "these keys"]];
const dialog = make("dialog", {}, make("h2", { id: "keys" }, "Keys"),
  make("dl", {}, ...keys.flatMap(([key, text]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, text)])),
  make("form", { method: "dialog" }, make("button", { type: "submit" }, "Close")));
dialog.setAttribute("aria-labelledby", "keys");
document.querySelector(".bar").append(make("div", { className: "find" }, search, levels, areas, count, clear, help));
document.body.append(dialog);
document.body.classList.add("js");
// The rows themselves are reached with j and k: a thousand more stops for Tab would be in the way.
for (const cell of all(".cells a")) cell.tabIndex = -1;

let wasFiltering = false;
function apply() {
  const filtering = isFiltering();
  if (filtering && !wasFiltering) for (const suite of suites) suite.open = suite.details.open;
  const words = state.q.toLowerCase().split(/\\s+/).filter((word) => word !== "");
  let shown = 0;
  for (const suite of suites) {
    let some = false;
    for (const row of suite.rows) {
      const on = !filtering || matches(row, words, suite);
      row.item.hidden = !on;
      row.cell.classList.toggle("off", !on);
      if (on) shown++;
      some ||= on;
    }
    suite.details.hidden = !some;
    suite.rows[0].cell.closest("li").hidden = !some;
    if (filtering) suite.details.open = true;
    else if (wasFiltering) suite.details.open = suite.open;
  }
  wasFiltering = filtering;
  document.body.classList.toggle("filtering", filtering);
  search.value = state.q;
  levels.value = state.l;
  areas.value = state.s;
  clear.hidden = !filtering;
  for (const { button, meaning } of verdicts) button.ariaPressed = String(state.v.includes(meaning));
  count.textContent = shown + " of " + rows.length;
}

function write() {
  let hash = encodeURI(state.at);
  if (isFiltering()) {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(state)) if (String(value) !== "") parameters.set(name, String(value));
    hash = String(parameters);
  }
  history.replaceState(null, "", hash === "" ? location.pathname + location.search : "#" + hash);
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function read() {
  const hash = location.hash.slice(1);
  if (!/^(q|v|l|s|at)=/.test(hash)) return follow(decoded(hash));
  const given = new URLSearchParams(hash);
  const get = (name) => given.get(name) ?? "";
  state = { q: get("q"), v: get("v").split(",").filter((meaning) => meaning !== ""), l: get("l"), s: get("s"), at: get("at") };
  apply();
  if (state.at !== "") show(state.at);
}

/** A link to a place of the page: the filter stays if the place can be seen with it. */
function follow(id) {
  const place = document.getElementById(id);
  const row = rows.find((row) => row.id === id);
  const seen = place?.closest(".su, #cases") && !place.closest("[hidden]");
  if (!seen) state = { q: "", v: [], l: "", s: "", at: "" };
  state.at = row ? id : "";
  apply();
  if (place === null) return;
  show(id);
  if (row && isFiltering()) write();
}

function show(id) {
  const place = document.getElementById(id);
  for (let outer = place; outer; outer = outer.parentElement) if (outer.tagName === "DETAILS") outer.open = true;
  for (const old of all(".here")) old.classList.remove("here");
  place?.closest(".k")?.classList.add("here");
  place?.scrollIntoView();
}

function change(part) {
  state = { ...state, at: "", ...part };
  write();
  apply();
}

function move(by) {
  const shown = rows.filter((row) => !row.item.hidden);
  const now = shown.findIndex((row) => row.details.contains(document.activeElement) || row.details.classList.contains("here"));
  const next = shown[now < 0 ? 0 : Math.min(Math.max(now + by, 0), shown.length - 1)];
  if (next === undefined) return;
  for (const old of all(".here")) old.classList.remove("here");
  next.suite.open = true;
  next.summary.focus();
}

function escape(target) {
  const row = rows.find((row) => row.details.contains(target));
  if (target === search && search.value === "") search.blur();
  else if (row?.details.open) {
    row.details.open = false;
    row.summary.focus();
    if (state.at !== "") change({});
  } else if (isFiltering()) change({ q: "", v: [], l: "", s: "" });
}

async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(button.previousElementSibling);
    button.textContent = "Selected: press Ctrl+C";
  }
}

function addCopy(within) {
  for (const command of all(".cmd", within)) {
    if (command.nextElementSibling?.className === "copy") continue;
    const button = make("button", { type: "button", className: "copy" }, "Copy");
    button.addEventListener("click", () => copy(button, command.textContent));
    command.after(button);
  }
}

search.addEventListener("input", () => change({ q: search.value }));
levels.addEventListener("change", () => change({ l: levels.value }));
areas.addEventListener("change", () => change({ s: areas.value }));
clear.addEventListener("click", () => change({ q: "", v: [], l: "", s: "" }));
help.addEventListener("click", () => dialog.showModal());
for (const { button, meaning } of verdicts) {
  button.addEventListener("click", () =>
    change({ v: state.v.includes(meaning) ? state.v.filter((other) => other !== meaning) : [...state.v, meaning] }));
}
for (const row of rows) {
  // The address names the case that was opened last; a click comes before the row opens.
  row.summary.addEventListener("click", () => {
    state.at = row.details.open ? "" : row.id;
    write();
  });
  row.details.addEventListener("toggle", () => row.details.open && addCopy(row.details));
  if (row.details.open) addCopy(row.details);
}
addCopy(document.querySelector(".facts"));
addEventListener("hashchange", read);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
  const { key, target } = event;
  const isRow = target.matches(".k > summary");
  const moves = { j: 1, k: -1, ...((isRow || target === search) && { ArrowDown: 1, ArrowUp: -1 }) };
  if (key === "Escape") escape(target);
  else if (target === search && key === "Enter") move(0);
  else if (target.matches("input, select") && !(target === search && key in moves && key.length > 1)) return;
  else if (key in moves) move(moves[key]);
  else if (key === "/") search.focus();
  else if (key === "?") dialog.showModal();
  else return;
  event.preventDefault();
});
apply();
read();
})();
`;
