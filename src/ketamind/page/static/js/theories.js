/**
 * Rival theories: which hypothesis reproduces which deciding experiment; two of them drawn together under one protocol;
 * and the designs on which the two lie furthest apart.
 */
import { h, s, say, set } from "./dom.js";
import { coded, exportsOf, instead, link, mark, number, numbers, Progress, VERDICTS, Work } from "./kit.js";
import { changed, label, result } from "./listen.js";
import { text } from "./state.js";
import { words as timeWords } from "./timeaxis.js";
import { banded, figure, minus } from "./words.js";

const PROTOCOLS = [
  ["0.5 mg/kg ketamine iv over 40 min", "plain ketamine"],
  ["50 mg naltrexone po at -45 min + 0.5 mg/kg ketamine iv over 40 min", "naltrexone 50 mg before"],
  ["6 mg rapamycin po at -120 min + 0.5 mg/kg ketamine iv over 40 min", "rapamycin 6 mg before"],
  ["0.5 mg/kg arketamine iv over 40 min", "R-ketamine"],
  ["84 mg esketamine in twice weekly for 4 weeks", "esketamine twice a week"],
  ["20 mg memantine po daily for 7 days", "memantine daily"],
];
const SHORT = { ampa_and_calcium_channels: "AMPA, Ca channels", trkb_y433f: "TrkB Y433F", r_against_s: "R against S", hydroxynorketamine: "HNK", translation_at_rest: "Translation" };
const LETTERS = ["A", "B"];
const COLOURS = ["circuit", "opioid"];
const DASHES = ["none", "7 4"];

let view = null;

export async function mount(element, context) {
  context.state.register({ a: text("tonic_disinhibition"), b: text("opioid_gate"), under: text(PROTOCOLS[0][0]) });
  view = new Theories(element, context);
  await view.start();
}

export function unmount() {
  view?.destroy();
  view = null;
}

export const exports = () => (view ? view.exports() : []);

class Theories {
  constructor(element, context) {
    this.context = context;
    this.work = new Work(context.api);
    this.matrixNode = h("section", { class: "matrix", "aria-label": "Hypotheses by experiments" });
    this.pairNode = h("section", { class: "pair-curves", "aria-label": "Two theories, one protocol" });
    this.designsNode = h("section", { class: "designs", "aria-label": "Experiments that would tell" });
    this.readyNode = h("section", { class: "ready", "aria-label": "The experiment, ready to run" });
    element.append(this.matrixNode, h("div", { class: "below" }, this.pairNode, this.designsNode, this.readyNode));
    this.stops = [
      context.state.subscribe(["a", "b"], () => this.#changed()),
      context.state.subscribe(["under"], () => this.#drawPair()),
    ];
  }

  async start() {
    this.found = await this.context.api.getJson("api/theories");
    const names = this.found.hypotheses.map((x) => x.name);
    const chosen = ["a", "b"].map((k, i) => (names.includes(this.context.state.get(k)) ? this.context.state.get(k) : names[i]));
    if (chosen[0] === chosen[1]) chosen[1] = names.find((n) => n !== chosen[0]);
    this.context.state.set({ a: chosen[0], b: chosen[1] });
    this.#drawMatrix();
    await this.#changedPair();
  }

  destroy() {
    this.stops.forEach((stop) => stop());
    this.work.drop();
    this.chart?.destroy();
  }

  get pair() {
    return { a: this.context.state.get("a"), b: this.context.state.get("b") };
  }

  exports() {
    return exportsOf({
      name: "theories", context: this.context, title: () => "Which theory survives which experiment?",
      figures: () => [{ title: "Deciding experiments", svg: this.#matrixSvg() }, { title: `${this.#title(0)} against ${this.#title(1)}, MADRS`, svg: this.chart?.svg }],
      rows: () => this.#rows(), wanted: () => ({ view: "theories", asked: { protocol: this.context.state.get("under"), days: 14 }, hypotheses: [this.pair.a, this.pair.b] }),
    });
  }

  #title(i) {
    return this.found.hypotheses.find((x) => x.name === this.pair[i ? "b" : "a"])?.title ?? "";
  }

  #changed() {
    if (!this.found) return;
    this.#drawMatrix();
    this.#changedPair();
  }

  async #changedPair() {
    await this.#drawPair();
    await this.#drawDesigns();
  }

  #choose(name) {
    const { a, b } = this.pair;
    if (name === a || name === b) return;
    const turn = this.next === "b" ? "b" : "a";
    this.next = turn === "a" ? "b" : "a";
    this.context.state.set({ [turn]: name });
  }

  // ---- matrix

  #drawMatrix() {
    const { found } = this;
    const heading = h("header", {}, h("div", {}, h("h1", { class: "headline" }, "Which theory survives which experiment?"),
      h("p", { class: "second" }, `Every row is a hypothesis, every mark a published result. Choose two rows to compare them.`)),
    h("p", { class: "claim-legend" }, ...["agree", "disagree", "not_applicable"].map((v) => h("span", {}, mark(v, { quiet: true }), VERDICTS[v]))));
    this.detail = h("div", { class: "cell-detail", role: "status" }, h("p", { class: "second" }, "Point at a mark, or move to it with Tab, to read the experiment."));
    if (found.state === "absent") {
      this.matrixNode.replaceChildren(heading, instead("The comparison has not been computed yet: `ketamind compare --renew` computes and keeps it. Two theories can be compared below all the same."), this.#plainRows());
      return;
    }
    const which = found.stale.length === found.hypotheses.length ? "All rows" : found.stale.map((n) => this.#titleOf(n)).join(", ");
    const stale = found.stale.length ? h("p", { class: "second stale-note" }, ...coded(`The model's numbers have changed since this was computed: ${which}. \`ketamind compare --renew\` computes it anew.`)) : null;
    this.matrixNode.replaceChildren(...[heading, stale, h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Matrix" }, this.#table()), this.detail].filter(Boolean));
  }

  #titleOf(name) {
    return this.found.hypotheses.find((x) => x.name === name)?.title ?? name;
  }

  #plainRows() {
    return h("ul", { class: "plain-rows" }, ...this.found.hypotheses.map((x) => h("li", {}, this.#pick(x), h("span", { class: "second" }, x.account))));
  }

  #table() {
    const { themes, hypotheses } = this.found;
    const best = hypotheses.find((x) => x.name === "two_pool");
    const heads = themes.map((t, i) => h("th", { scope: "col", class: "theme" }, h("button", { class: "plain", type: "button", title: t.question, onclick: () => this.#showTheme(t), "aria-label": `${label(t.name, true)}: ${t.question}` }, h("span", {}, SHORT[t.name] ?? label(t.name, true))), h("i", { class: `rule stage-${i % 5}` })));
    const scores = [["calibrated", "Calibrated on", `${this.found.seen} results`], ["unseen", "Never seen", `${this.found.all - this.found.seen} results`]];
    const head = h("tr", {}, h("th", { scope: "col" }, h("span", { class: "visually-hidden" }, "Hypothesis")), ...heads, ...scores.map(([, title, count]) => h("th", { scope: "col", class: "score-head" }, h("b", {}, title), h("span", {}, count))));
    const rows = hypotheses.map((x) => {
      const letter = LETTERS[[this.pair.a, this.pair.b].indexOf(x.name)];
      const cells = themes.map((t) => h("td", {}, h("span", { class: "theme-name", "aria-hidden": "true" }, SHORT[t.name] ?? label(t.name, true)), h("span", { class: "marks" }, ...t.ids.map((id) => this.#cell(x, id)))));
      return h("tr", { class: `${letter ? "chosen" : ""} ${x.name === "two_pool" ? "baseline" : ""}` }, h("th", { scope: "row" }, this.#pick(x)), ...cells, ...scores.map(([key]) => h("td", { class: "score" }, this.#score(x[key], best?.[key], key, x))));
    });
    return h("table", { class: "matrix-table" }, h("caption", { class: "visually-hidden" }, "Which hypothesis agrees with which deciding experiment"), h("thead", {}, head), h("tbody", {}, ...rows));
  }

  #pick(x) {
    const letter = LETTERS[[this.pair.a, this.pair.b].indexOf(x.name)];
    return this.#telling(h("button", { class: "pick", type: "button", "aria-pressed": String(Boolean(letter)), onclick: () => this.#choose(x.name) }, h("i", { class: "letter" }, letter ?? ""), h("span", {}, x.title)), x.account);
  }

  #cell(x, id) {
    const cell = this.found.cells[x.name]?.[id] ?? { outcome: "not_applicable" };
    const e = this.found.experiments[id];
    const node = h("button", { class: "cell", type: "button", "aria-label": `${x.title}, ${e?.short ?? id}: ${VERDICTS[cell.outcome]}` }, mark(cell.outcome, { quiet: true, size: 13 }));
    const show = () => this.#showCell(x, e, cell);
    node.addEventListener("pointerenter", show);
    node.addEventListener("focus", show);
    node.addEventListener("click", () => this.context.openReceipt(id, node));
    return node;
  }

  #showCell(x, e, cell) {
    if (!e) return;
    const predicted = cell.predicted === null || cell.predicted === undefined ? (cell.reason ? `: ${cell.reason}` : "") : `: the model gives ${e.statistic.includes("sign") ? ["down", "no change", "up"][Math.sign(cell.predicted) + 1] : banded(cell.predicted, cell.low, cell.high, 2)}`;
    this.detail.replaceChildren(h("p", {}, h("b", {}, e.citation), ` (${e.species}): ${label(e.observable)} ${result(e)}. `), h("p", { class: "second" }, mark(cell.outcome, { quiet: true }), ` ${x.title} ${VERDICTS[cell.outcome]}${predicted}`));
  }

  #showTheme(theme) {
    this.detail.replaceChildren(h("p", {}, h("b", {}, label(theme.name, true))), h("p", { class: "second" }, theme.question));
  }

  #score(share, baseline, key, x) {
    if (!share?.compared) return h("span", { class: "second" }, "–");
    const fill = h("i", { class: key });
    fill.style.width = `${100 * share.share}%`;
    const bar = h("span", { class: "bar", "aria-hidden": "true" }, fill);
    if (baseline?.compared) {
      const line = h("em", {});
      line.style.left = `${100 * baseline.share}%`;
      bar.append(line);
    }
    const of = key === "calibrated" ? "results that served to calibrate" : "results that were never seen";
    const against = baseline?.compared ? ` The dashed line is the baseline without a brain, ${Math.round(100 * baseline.share)} %.` : "";
    const told = `${x.title} agrees with ${share.agree} of ${share.compared} ${of}; 95 % over studies ${Math.round(100 * share.low)} to ${Math.round(100 * share.high)} %.${against}`;
    return this.#telling(h("button", { class: "plain score-cell", type: "button", "aria-label": told }, bar, h("b", {}, `${Math.round(100 * share.share)} %`)), told);
  }

  /** What a control is about is told in the line under the matrix, on hover and on focus. */
  #telling(node, words) {
    const show = () => this.detail.replaceChildren(h("p", { class: "second" }, words));
    for (const event of ["pointerenter", "focus", "click"]) node.addEventListener(event, show);
    return node;
  }

  #matrixSvg() {
    const { themes, hypotheses, cells } = this.found;
    const ids = themes.flatMap((t) => t.ids);
    const [left, step, row] = [254, 14, 24];
    const root = s("svg", { width: left + ids.length * step + 20, height: 40 + hypotheses.length * row, viewBox: `0 0 ${left + ids.length * step + 20} ${40 + hypotheses.length * row}` });
    const colour = (name) => this.context.theme.colour(name);
    hypotheses.forEach((x, i) => {
      root.append(s("text", { x: 0, y: 34 + i * row, "font-size": 12, fill: colour("ink") }, x.title));
      ids.forEach((id, k) => {
        const one = mark(cells[x.name]?.[id]?.outcome, { size: 12, quiet: true });
        set(one, { x: left + k * step, y: 24 + i * row, width: 12, height: 12 });
        for (const node of one.querySelectorAll("*")) for (const name of ["fill", "stroke"]) if (node.getAttribute(name)?.startsWith("var(")) node.setAttribute(name, colour(node.getAttribute(name).slice(6, -1)));
        root.append(one);
      });
    });
    return root;
  }

  #rows() {
    const ids = this.found.themes.flatMap((t) => t.ids);
    return [["hypothesis", ...ids], ...this.found.hypotheses.map((x) => [x.title, ...ids.map((id) => VERDICTS[this.found.cells[x.name]?.[id]?.outcome] ?? "")])];
  }

  // ---- two theories

  async #drawPair() {
    const asked = { ...this.pair, protocol: this.context.state.get("under") };
    const choice = h("select", { class: "select", "aria-label": "Under which protocol" }, ...PROTOCOLS.map(([words, name]) => h("option", { value: words }, name)));
    if (!PROTOCOLS.some(([words]) => words === asked.protocol)) choice.append(h("option", { value: asked.protocol }, asked.protocol));
    choice.value = asked.protocol;
    choice.addEventListener("change", () => this.context.state.set({ under: choice.value }));
    const title = h("h2", { class: "against" }, ...[0, 1].map((i) => h("span", { class: "named" }, h("i", { class: "letter on" }, LETTERS[i]), h("b", { class: `side-${i}` }, this.#title(i)))));
    this.told = h("p", { class: "second" }, "Computing both …");
    this.plot = h("div", { class: "plot" });
    this.below = h("div", {});
    this.chart?.destroy();
    this.chart = null;
    this.pairNode.replaceChildren(title, h("div", { class: "line" }, choice, this.told), h("p", { class: "caption" }, "Change of MADRS, points: mean of 100 virtual patients; band: 95 % of groups of 20"), this.plot, this.below);
    try {
      const found = await this.context.api.postJson("api/theories/pair", asked);
      if (asked.a !== this.pair.a || asked.b !== this.pair.b || asked.protocol !== this.context.state.get("under") || !view) return;
      this.#showCurves(found);
    } catch (problem) {
      this.told.textContent = "";
      this.plot.replaceChildren(instead(problem.message));
    }
  }

  #showCurves(found) {
    const last = found.times_h[found.times_h.length - 1];
    const series = found.sides.map((side, i) => ({ label: LETTERS[i], colour: COLOURS[i], dash: DASHES[i], width: 2, x: found.times_h, y: side.mean, low: side.low, high: side.high, labelAt: i ? 0.75 : 0.55 }));
    const gap = Math.max(...found.sides[0].mean.map((v, i) => Math.abs(v - found.sides[1].mean[i])));
    say(this.told, gap < 0.5 ? "They give the same here, to half a point." : `They part most at ${timeWords(found.widest_h)}: ${figure(gap)} points.`);
    const all = series.flatMap((c) => [...c.low, ...c.high]);
    this.chart = this.context.lineChart(this.plot, {
      height: 156, x: { kind: "time", last }, y: { min: Math.min(...all), max: Math.max(0, ...all) }, series, t: gap < 0.5 ? null : found.widest_h,
      name: `Change of MADRS under two theories. ${this.#title(0)} ends at ${figure(series[0].y.at(-1))}, ${this.#title(1)} at ${figure(series[1].y.at(-1))}; widest apart ${figure(gap)} points at ${timeWords(found.widest_h)}.`,
    });
    const at = [0, 2 / 3, 4, 24, 72, 168, 336].filter((t) => t <= last);
    const value = (side, t) => side.mean[found.times_h.findIndex((x) => x >= t - 1e-9)];
    this.below.replaceChildren(numbers("Change of MADRS under two theories", ["time", this.#title(0), this.#title(1)], at.map((t) => [timeWords(t), ...found.sides.map((side) => figure(value(side, t), 3))])));
  }

  // ---- what would tell

  async #drawDesigns() {
    const asked = this.pair;
    this.progress = new Progress("Studies computed");
    this.designList = h("ul", { class: "design-list" });
    this.designsNode.replaceChildren(h("h2", {}, "Which experiment would tell them apart?"), h("p", { class: "second" }, "What 20 subjects a group would tell, in bits"), this.progress.node, this.designList);
    this.readyNode.replaceChildren(h("h2", {}, "The experiment, ready to run"), instead("Choose an experiment on the left."));
    this.work.drop();
    this.work = new Work(this.context.api);
    const mine = this.work;
    try {
      const job = await mine.run("api/theories/telling", asked, (j) => this.progress.show(j.done, j.total, j.total ? `${j.done} of ${j.total} groups simulated` : "Waiting for its turn"));
      if (mine !== this.work || mine.dropped || !job.result) return;
      this.progress.hide();
      this.#showDesigns(job.result);
    } catch (problem) {
      if (mine !== this.work) return;
      this.progress.hide();
      this.designList.replaceChildren(h("li", {}, instead(problem.message)));
    }
  }

  #showDesigns(found) {
    this.designList.replaceChildren(...found.studies.map((d) => {
      const fill = h("i", {});
      fill.style.width = `${100 * Math.min(1, d.information)}%`;
      const size = d.per_arm ? `${d.per_arm} a group` : "over 2000";
      const node = h("button", { type: "button", "aria-pressed": "false", onclick: () => this.#showReady(d, node) },
        h("span", { class: "design-title" }, capital(d.study), h("span", { class: "second" }, `${d.species}; ${readingWords(d.reading)}; ${size}`)), h("span", { class: "bar", "aria-hidden": "true" }, fill), h("b", {}, `${figure(d.information)} bit`));
      return h("li", {}, node);
    }));
    const left = found.not_applicable.length ? ` ${found.not_applicable.length} could not be judged.` : "";
    this.designList.after(h("p", { class: "caption" }, ...coded(`1 bit would decide it. ${found.tried} readings tried, ${found.draws} draws of what is in doubt: a quick look, so ranks may change.${left} \`ketamind discriminate\` looks longer.`)));
    if (found.studies.length) this.#showReady(found.studies[0], this.designList.querySelector("button"));
  }

  #showReady(d, node) {
    this.designList.querySelectorAll("button").forEach((b) => b.setAttribute("aria-pressed", String(b === node)));
    const told = (k) => `${minus(figure(d[`effect_${k}`]))} (${minus(figure(d[`effect_${k}_low`]))} to ${minus(figure(d[`effect_${k}_high`]))})`;
    const { own_arm: own, other_arm: other } = d;
    const needed = d.per_arm ? `${d.per_arm} in each group for 80 % power` : "more than 2000 in each group";
    const facts = [
      ["In whom", `${own.species}, ${own.population || "typical"}`], ["Protocol", own.protocol], ["Changed", own.manipulation ? changed(own.manipulation) : "nothing else"], ["Against", other.protocol === own.protocol ? `the same, ${other.manipulation ? changed(other.manipulation) : "unchanged"}` : other.protocol], ["Read", readingWords(d.reading)],
      ["A predicts", told("a"), "side-0"], ["B predicts", told("b"), "side-1"], ["Needed", d.per_arm_sure && d.per_arm_sure !== d.per_arm ? `${needed}; ${d.per_arm_sure} if parameters were sure` : needed],
    ];
    const human = own.species === "human" && /^(madrs|hamd17|cadss)@/.test(d.reading);
    this.readyNode.replaceChildren(h("h2", {}, "The experiment, ready to run"),
      h("dl", { class: "facts wide" }, ...facts.map(([name, value, tint]) => h("div", {}, h("dt", {}, name), h("dd", { class: tint ?? "" }, value)))),
      h("p", { class: "caption" }, "Predictions: difference between the two groups, with the range of the draws."),
      h("p", { class: "ready-buttons" }, human ? link("Open as a trial", () => this.#openTrial(d), { class: "button primary" }) : null, link("Copy protocol", () => this.context.copy(own.protocol, "Protocol copied")), number("Receipts", d.reading.split("@")[0], this.context)));
  }

  #openTrial(d) {
    const [scale, at] = d.reading.split("@");
    const hours = at.replace(/^([\d.]+)([a-z]+)$/i, "$1 $2");
    const arm = (name, a, kind) => ["", "[[arm]]", `name = "${name}"`, `protocol = ${JSON.stringify(a.protocol)}`, `n = ${Math.min(500, d.per_arm ?? 50)}`, `kind = "${kind}"`, ...(a.manipulation ? [`manipulation = ${JSON.stringify(a.manipulation)}`] : [])];
    const lines = [`name = "two_theories"`, `title = ${JSON.stringify(capital(d.study))}`, `population = ${JSON.stringify(d.own_arm.population || "trd;setting=parallel")}`, `visits = ["${hours}"]`, `scales = ["${scale}"]`,
      ...arm("studied", d.own_arm, "drug"), ...arm("comparator", d.other_arm, "placebo"), "", "[[endpoint]]", `outcome = "change"`, `scale = "${scale}"`, `at = "${hours}"`, ""];
    this.context.goTo("trial", {}).then(() => import("./trial.js")).then((trial) => trial.edit(lines.join("\n")));
  }
}

function readingWords(reading) {
  const [name, at] = reading.split("@");
  return at ? `${label(name)} at ${at.replace(/^([\d.]+)([a-z]+)$/i, "$1 $2")}` : label(name);
}

function capital(words) {
  return /^[a-z][A-Z]/.test(words) ? words : words[0].toUpperCase() + words.slice(1);
}
