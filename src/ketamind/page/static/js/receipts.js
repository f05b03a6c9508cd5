/**
 * The drawer of receipts: where a number comes from. It stands beside the thing that it explains, never over it:
 * on a wide page the view makes room, on a narrow one it is a sheet from below.
 */
import { h, s, tone } from "./dom.js";
import { address } from "./kit.js";
import { figure, minus, signed } from "./words.js";
import { words as timeWords } from "./timeaxis.js";

let drawer = null;
let back = null;
let turn = 0;

/** Open the receipt of a parameter, observable, mechanism or published result. */
export async function open(name, context, anchor) {
  const mine = ++turn;
  const told = await context.api.getJson(`api/receipts/${encodeURIComponent(name)}`);
  if (mine !== turn) return;
  if (!drawer) build();
  back = anchor instanceof HTMLElement || anchor instanceof SVGElement ? anchor : document.activeElement;
  drawer.replaceChildren(head(told), body(told, context));
  drawer.setAttribute("aria-label", `Receipt of ${told.name}`);
  drawer.querySelector("button").focus({ preventScroll: true });
  drawer.scrollTop = 0;
}

export function close() {
  turn += 1;
  drawer?.remove();
  drawer = null;
  document.body.classList.remove("with-receipts");
  if (back?.isConnected) back.focus?.({ preventScroll: true });
}

function build() {
  drawer = h("aside", { class: "receipts", role: "dialog", "aria-label": "Receipt" });
  drawer.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  });
  document.body.append(drawer);
  document.body.classList.add("with-receipts");
  addEventListener("hashchange", close, { once: true });
}

function head(told) {
  return h("header", {}, h("div", {}, h("p", { class: "caption" }, told.kind), h("h2", {}, told.name)),
    h("button", { class: "button icon-button", type: "button", "aria-label": "Close receipts", onclick: close }, "×"));
}

function body(told, context) {
  const parts = { parameter: ofParameter, observable: ofObservable, mechanism: ofMechanism, "published result": ofResult };
  return h("div", { class: "receipt-body" }, ...(parts[told.kind] ?? ofMechanism)(told, context));
}

function ofParameter(told, context) {
  return [
    h("p", {}, told.meaning),
    h("p", { class: "receipt-value" }, h("b", {}, `${minus(figure(told.value, 3))}`), ` ${unit(told.unit)}`, told.guessed ? h("span", { class: "guessed" }, "guessed") : null),
    rangeLine(told),
    facts({ "between people": told["between people"], species: told.species, conditions: told.conditions, verified: told["how verified"], note: told.note }),
    sources(told.sources),
    section("If it doubles", later(doubling(told.name, context))),
    folded("Equations that it enters", told.equations),
    copies(context, [["Copy value", `${told.value} ${told.unit}`], ["Copy with source", `${told.name} = ${told.value} ${told.unit} (${told.low} to ${told.high}); ${told.source}; ${told["how verified"]}`], ["Copy command", `ketamind explain ${told.name}`]]),
  ];
}

function ofObservable(told, context) {
  const at = context.state.get("t") ?? 24;
  return [
    h("p", {}, unit(told.unit) ? `${told.meaning} [${unit(told.unit)}]` : told.meaning),
    facts({ "given by": told["given by"], mechanism: told.mechanism }),
    section(`What moves it most at ${timeWords(at)}`, later(moving(`${told.name}@${at}h`, context))),
    section("Numbers that its part uses", list(told.parameters.map((p) => parameterRow(p, context)))),
    told.published.length ? section("Published results", list(told.published.map((e) => resultRow(e, context)))) : section("Published results", h("p", { class: "nothing" }, "None is known here.")),
    sources(told.sources),
    folded("Equations", told.equations),
    copies(context, [["Copy name", told.name], ["Copy command", `ketamind explain ${told.name}`]]),
  ];
}

function ofMechanism(told, context) {
  return [
    h("p", {}, told.does),
    told.gives ? section("What it gives", list(told.gives.map((g) => h("li", {}, g)))) : null,
    told.parts ? section("Where it is written", list(told.parts.map((g) => h("li", {}, g)))) : null,
    folded("Equations", told.equations),
    copies(context, [["Copy command", `ketamind explain ${told.name}`]]),
  ].filter(Boolean);
}

function ofResult(told, context) {
  const shown = told.unit === "1" || !told.unit ? "" : ` ${unit(told.unit)}`;
  return [
    h("p", { class: "receipt-value" }, h("b", {}, minus(figure(told.value, 3))), shown, told.spread ? ` ± ${figure(told.spread)} ${told.spread_kind}` : ""),
    facts({
      what: `${told.statistic.replaceAll("_", " ")} of ${told.observable}${told.time_h === null ? "" : ` at ${timeWords(told.time_h)}`}`,
      given: told.protocol, against: told.comparator, manipulation: told.manipulation,
      "in whom": `${told.species}, ${told.population}${told.n ? `, n = ${told.n}` : ""}`,
      verified: told.verified, "used to calibrate": told.calibrated_on ? "yes" : "no", note: told.note,
    }),
    section("Citation", h("p", {}, address(told.url, told.citation), told.doi_or_pmid ? ` (${told.doi_or_pmid})` : "")),
    copies(context, [["Copy citation", `${told.citation} ${told.doi_or_pmid} ${told.url}`.trim()], ["Copy value", `${told.value} ${told.unit}`]]),
  ];
}

/** Value and range as a dot on a line. */
function rangeLine(told) {
  if (told.place.at === null) return h("p", { class: "second" }, "No range is stated.");
  const width = 380;
  const x = 10 + told.place.at * (width - 20);
  const text = (at, anchor, words) => s("text", { x: at, y: 34, "text-anchor": anchor }, words);
  return s("svg", { class: "range", viewBox: `0 0 ${width} 40`, role: "img", "aria-label": `${told.value} within ${told.low} to ${told.high}` },
    s("line", { x1: 10, x2: width - 10, y1: 12, y2: 12, stroke: tone("control"), "stroke-width": 3, "stroke-linecap": "round" }),
    s("circle", { cx: x, cy: 12, r: 6, fill: tone("ink") }),
    text(10, "start", minus(figure(told.low, 3))), text(width - 10, "end", minus(figure(told.high, 3))),
    text(width / 2, "middle", told.place.scale === "logarithmic" ? "logarithmic" : ""));
}

async function doubling(name, context) {
  const found = await context.api.postJson("api/doubled", { name, asked: context.asked() });
  const moved = found.changes.filter((c) => c.change !== null && Math.abs(c.change) > 1e-3 * Math.max(Math.abs(c.before), 1e-9));
  const how = h("p", { class: "second" }, `${found.how}: ${minus(figure(found.value, 3))} to ${minus(figure(found.doubled, 3))} ${unit(found.unit)}, in the setting of Explore`);
  if (!moved.length) return [how, h("p", { class: "nothing" }, "Nothing that is watched changes by a thousandth.")];
  const widest = Math.max(...moved.map(relative));
  return [how, list(moved.map((c) => bar(`${c.observable} at ${timeWords(c.time_h)}`, `${change(c.change)} ${unit(c.unit)}`, relative(c) / widest)), "bars")];
}

const relative = (c) => Math.abs(c.change) / Math.max(Math.abs(c.before), Math.abs(c.after), 1e-9);
const change = (v) => (Math.abs(v) >= 10 ? signed(v, 0) : `${v > 0 ? "+" : ""}${minus(figure(v))}`);

async function moving(observation, context) {
  const found = await context.api.postJson("api/moving", { observation, asked: context.asked() });
  const note = h("p", { class: "second" }, `Each of ${found.tried} numbers doubled in turn, in the setting of Explore; now ${minus(figure(found.value, 3))} ${unit(found.unit)}`);
  if (!found.moved.length) return [note, h("p", { class: "nothing" }, "None moves it.")];
  const widest = Math.max(...found.moved.map((m) => Math.abs(m.change)));
  return [note, list(found.moved.map((m) => bar(m.meaning, `${change(m.change)} ${unit(found.unit)}`, Math.abs(m.change) / widest, () => context.openReceipt(m.parameter, null))), "bars")];
}

function bar(label, value, share, go) {
  const name = go ? h("button", { class: "plain word", type: "button", onclick: go }, label) : h("span", {}, label);
  const fill = h("i", {});
  fill.style.width = `${100 * share}%`;
  return h("li", { class: "bar-row" }, name, h("span", { class: "bar", "aria-hidden": "true" }, fill), h("b", {}, value));
}

function parameterRow(p, context) {
  return h("li", { class: "pair-row" }, h("button", { class: "plain word", type: "button", onclick: () => context.openReceipt(p.parameter, null) }, p.meaning),
    h("span", {}, `${minus(figure(p.of, 3))} ${unit(p.in)}`, p.verified === "assumed" ? h("span", { class: "guessed" }, "guessed") : null));
}

function resultRow(e, context) {
  const when = e.time_h === null ? "" : `, ${timeWords(e.time_h)}`;
  return h("li", { class: "pair-row" }, h("button", { class: "plain word", type: "button", onclick: () => context.openReceipt(e.id, null) }, e.citation),
    h("span", {}, `${minus(figure(e.value, 3))} ${unit(e.unit)}${when}`));
}

function sources(found) {
  if (!found?.length) return section("Source", h("p", { class: "nothing" }, "No source was found."));
  return section(found.length > 1 ? "Sources" : "Source", list(found.map((c) => h("li", {}, reference(c)))));
}

function reference(c) {
  if (!c.title) return h("span", {}, c.key);
  const who = (c.author ?? "").split(" and ")[0].split(",")[0];
  const url = c.url ?? (c.doi ? `https://doi.org/${c.doi}` : "");
  return h("span", {}, address(url, `${who} ${c.year ?? ""}. ${c.title}. ${c.journal ?? ""}`), c.note ? ` (${c.note})` : "");
}

function facts(pairs) {
  const shown = Object.entries(pairs).filter(([, value]) => value);
  return h("dl", { class: "facts" }, ...shown.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value)))));
}

function section(title, ...content) {
  return h("section", {}, h("h3", {}, title), ...content);
}

function list(items, className = "") {
  return h("ul", { class: className }, ...items);
}

function folded(title, text) {
  if (!text) return h("span", { hidden: true });
  return h("details", {}, h("summary", {}, title), h("pre", { tabindex: 0 }, text));
}

function copies(context, pairs) {
  return h("p", { class: "copies" }, ...pairs.map(([label, text]) => h("button", { class: "button", type: "button", onclick: () => context.copy(text, `${label.replace("Copy ", "")} copied`) }, label)));
}

/** A place that is filled when the answer is there. */
function later(promise) {
  const place = h("div", { class: "later", "aria-busy": "true" }, h("p", { class: "second" }, "Computing …"));
  promise.then((nodes) => place.replaceChildren(...nodes), (problem) => place.replaceChildren(h("p", { class: "nothing" }, problem.message)))
    .finally(() => place.removeAttribute("aria-busy"));
  return place;
}

function unit(name) {
  return !name || name === "1" ? "" : name.replace("uM", "µM").replace("ug", "µg");
}
