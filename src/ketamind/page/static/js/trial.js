/**
 * Trial: pick or edit one, run it, stop it and keep what is done; arms by visit beside the published points, response,
 * relapse, power, patients one by one, and the publication.
 */
import { h, s, say, tone } from "./dom.js";
import { address, exportsOf, instead, link, mark, number, numbers, Progress, Work } from "./kit.js";
import { number as field, text } from "./state.js";
import { fromU, toU, words as timeWords } from "./timeaxis.js";
import { figure, minus, signed } from "./words.js";

const COLOURS = ["mood", "neutral", "circuit", "opioid", "sst", "pv", "plasticity", "vip"];
const DASHES = ["none", "6 4", "8 3 2 3", "2 3", "10 3", "4 2 1 2", "none", "6 4"];
const SHOWN = 24;
const VERIFIED = { primary: "seen in source", secondary: "seen in review", memory: "recalled", derived: "derived", none: "no source" };

let view = null;

export async function mount(element, context) {
  context.state.register({ trial: text("murrough_2013"), copies: field(0, 0, 100_000), trialseed: field(1, 0, 2 ** 31), blind: field(0, 0, 1) });
  view = new TrialView(element, context);
  await view.start();
}

export function unmount() {
  view?.destroy();
  view = null;
}

export const exports = () => (view?.found ? view.exports() : []);

/** Open a trial's text for editing, as other views do. */
export function edit(words) {
  view?.edit(words);
}

class TrialView {
  constructor(element, context) {
    this.context = context;
    this.work = new Work(context.api);
    this.text = "";
    this.charts = [];
    this.rail = h("section", { class: "side-rail", "aria-label": "The trial" });
    this.results = h("section", { class: "trial-results", "aria-label": "Results" });
    this.beside = h("section", { class: "trial-beside", "aria-label": "Beside the publication" });
    element.append(this.rail, this.results, this.beside);
  }

  async start() {
    this.listed = (await this.context.api.getJson("api/trials")).trials;
    this.trial = this.listed.find((t) => t.name === this.context.state.get("trial")) ?? this.listed[0];
    this.#drawRail();
    await this.run();
  }

  destroy() {
    this.work.drop();
    this.charts.forEach((c) => c.destroy());
  }

  async edit(words) {
    this.text = words;
    await this.#describe();
    this.#openEditor();
  }

  // ---- rail

  #drawRail() {
    const { state } = this.context;
    this.choice = h("select", { class: "select", id: "trial-choice" }, ...this.listed.map((t) => h("option", { value: t.name }, t.title.split(":")[0])));
    this.choice.value = this.trial.name;
    this.choice.addEventListener("change", () => {
      this.text = "";
      state.set({ trial: this.choice.value });
      this.trial = this.listed.find((t) => t.name === this.choice.value);
      this.#drawTrial();
      this.run();
    });
    this.about = h("div", { class: "trial-about" });
    const count = this.#field("copies", "Virtual patients", 100);
    const seed = this.#field("trialseed", "Seed", 1);
    const blind = h("input", { type: "checkbox", class: "switch" });
    blind.checked = !state.get("blind");
    blind.addEventListener("change", () => { state.set({ blind: blind.checked ? 0 : 1 }); this.run(); });
    this.progress = new Progress("Patients simulated");
    this.stopButton = link("■ Stop", () => this.stop(), { class: "button", disabled: true });
    this.runButton = link("Run", () => this.run(), { class: "button primary" });
    this.editor = h("div", { class: "editor", hidden: true });
    this.rail.append(h("label", { class: "field", for: "trial-choice" }, h("span", { class: "name" }, "Trial")), this.choice, this.about, count, seed,
      h("label", { class: "switch-row guess" }, blind, h("span", {}, h("b", {}, "Patients guess their arm"), h("span", { class: "second" }, "Expectancy follows what dissociation gives away. Switch off for a perfect blind."))),
      h("div", { class: "rail-end" }, this.progress.node, h("div", { class: "buttons" }, this.stopButton, link("Edit", () => this.#openEditor()), this.runButton)), this.editor);
    this.#drawTrial();
  }

  #field(key, name, step) {
    const { state } = this.context;
    const input = h("input", { type: "number", min: 0, step, value: state.get(key) || "", placeholder: key === "copies" ? "400 an arm" : "" });
    input.addEventListener("change", () => { state.set({ [key]: state.fields[key].read(input.value) }); });
    return h("label", { class: "row-field" }, name, input);
  }

  #drawTrial() {
    const t = this.trial;
    const arms = t.arms.map((arm, i) => {
      const node = h("li", { class: "arm" }, h("div", {}, h("b", {}, capital(arm.name)), h("p", { class: "second" }, arm.protocol)), h("p", { class: "people" }, h("b", {}, String(arm.n)), "people"));
      node.style.borderLeftColor = tone(COLOURS[i % COLOURS.length]);
      return node;
    });
    const entry = t.entry["patient.baseline_madrs"];
    const rows = [["Visits", t.visits_h.length > 6 ? `${t.visits_h.length} visits to ${timeWords(t.visits_h.at(-1))}` : t.visits_h.map(timeWords).join(", ")], ["MADRS at entry", entry ? `${figure(entry.mean, 3)}${entry.sd ? ` (sd ${figure(entry.sd)})` : ""}` : "as in the population"], ["Leave in a week", t.leave_per_week ? `${figure(100 * t.leave_per_week)} %` : "nobody"], ["Design", t.design]];
    this.about.replaceChildren(h("p", { class: "second" }, t.title.split(": ").slice(1).join(": ") || t.title), h("ul", { class: "arms" }, ...arms),
      h("dl", { class: "facts" }, ...rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))), t.note ? h("p", { class: "caption" }, t.note) : "");
  }

  #openEditor() {
    const area = h("textarea", { spellcheck: "false", rows: 16, "aria-label": "The trial as TOML" });
    area.value = this.text || this.trial.text;
    const problem = h("p", { class: "warning", hidden: true, role: "alert" });
    const take = async () => {
      const before = this.text;
      this.text = area.value;
      try {
        await this.#describe();
        this.editor.hidden = true;
        await this.run();
      } catch (found) {
        this.text = before;
        problem.textContent = found.message;
        problem.hidden = false;
      }
    };
    this.editor.replaceChildren(h("h3", {}, "Edit the trial"), h("p", { class: "caption" }, "Add an arm by another [[arm]] table; times as “24 h”, doses in plain words."), area, problem,
      h("div", { class: "buttons" }, link("Close", () => { this.editor.hidden = true; }), link("Run this", take, { class: "button primary" })));
    this.editor.hidden = false;
    area.focus();
    this.editor.scrollIntoView({ block: "nearest" });
  }

  async #describe() {
    this.trial = await this.context.api.postJson("api/trial", { text: this.text });
    this.#drawTrial();
  }

  // ---- run

  asked() {
    const { state } = this.context;
    const what = this.text ? { text: this.text } : { name: this.trial.name };
    return { ...what, patients: state.get("copies"), seed: state.get("trialseed"), unblinding: !state.get("blind") };
  }

  async run() {
    if (this.work.busy) {
      this.again = true;
      return this.stop();
    }
    this.again = false;
    this.stopButton.disabled = false;
    this.results.classList.add("waiting");
    if (!this.found) this.results.replaceChildren(instead("Simulating patients …"));
    try {
      const job = await this.work.run("api/trial/run", this.asked(), (j) => this.progress.show(j.done, j.total, leftWords(j)));
      if (this.work.dropped) return;
      if (job.result) this.#show(job);
      else if (!this.again) this.results.replaceChildren(instead("Stopped before the first patients were done."));
    } catch (problem) {
      this.progress.hide();
      this.found = null;
      this.results.replaceChildren(instead(problem.message));
      this.beside.replaceChildren();
    } finally {
      this.stopButton.disabled = true;
      this.results.classList.remove("waiting");
    }
    if (this.again && !this.work.dropped) await this.run();
  }

  async stop() {
    this.stopButton.disabled = true;
    say(this.progress.words, "Stopping; what is done is kept");
    await this.work.stop();
  }

  #show(job) {
    this.found = job.result;
    const part = this.found.patients < this.found.wanted ? `Stopped: ${this.found.patients} of ${this.found.wanted} patients, kept` : `${this.found.patients} virtual patients`;
    this.progress.show(this.found.patients, this.found.wanted, part);
    this.context.status(`Simulated in ${figure(job.seconds)} s`);
    this.charts.forEach((c) => c.destroy());
    this.charts = [];
    this.#drawResults();
    this.#drawBeside();
    this.context.announce(this.results.querySelector("h1").textContent);
  }

  #drawResults() {
    const { found } = this;
    const scale = found.scales[0];
    const arms = Object.keys(found.arms);
    const [head, under] = this.#headline(scale);
    const main = h("div", { class: "plot" });
    const three = h("div", { class: "trial-three" }, this.#response(arms), this.#relapse(arms), this.#power());
    const people = this.#people(arms);
    const table = numbers(`${scale.toUpperCase()} by visit`, ["visit", ...arms], found.curves[scale][arms[0]].time_h.map((t, i) => [timeWords(t), ...arms.map((a) => figure(found.curves[scale][a].mean[i], 3))]));
    this.results.replaceChildren(...[h("h1", { class: "headline" }, ...head), h("p", { class: "second" }, under),
      h("div", { class: "chart-head" }, h("h3", {}, `${scale.toUpperCase()} by arm`), h("span", { class: "caption" }, `◇ published · band: 95 % of arms of the published size`)), main, table, three, people].filter(Boolean));
    this.#visits(main, scale, arms);
    this.drawLater?.forEach((draw) => draw());
    this.drawLater = [];
  }

  #headline(scale) {
    const primary = this.found.published.find((c) => c.primary) ?? null;
    const between = this.found.comparisons.find((e) => e.what.startsWith("change")) ?? this.found.comparisons[0];
    if (!between) {
      const first = Object.values(this.found.arms)[0].endpoints[0];
      if (!first) return [[`${this.found.patients} patients, ${Object.keys(this.found.arms).length} arms`], ""];
      return [[capital(first.what.replace(scale, scale.toUpperCase())), ": ", h("b", { class: "tint" }, value(first))], interval(first)];
    }
    const better = between.unit === "points" ? (between.value < 0 ? "beats" : "does not beat") : "against";
    const under = primary ? ` The publication found ${minus(figure(primary.published, 3))}${primary.published_half_width ? ` ± ${figure(primary.published_half_width)}` : ""}; 95 % of virtual trials of its size lie between ${minus(figure(primary.low, 3))} and ${minus(figure(primary.high, 3))}.` : "";
    if (between.unit !== "points") return [[`${capital(between.arm)} against ${between.versus}: ${between.what.replace(scale, scale.toUpperCase())} `, h("b", { class: "tint" }, value(between))], `${interval(between)}.${under}`];
    return [[`${capital(between.arm)} ${better} ${between.versus} by `, number(`${figure(Math.abs(between.value))} points`, scale, this.context, { className: "tint" }), ` at ${endTime(between.what)}`], `Between all virtual patients ${minus(figure(between.value, 3))} (${minus(figure(between.low, 3))} to ${minus(figure(between.high, 3))}).${under}`];
  }

  #visits(place, scale, arms) {
    const curves = this.found.curves[scale];
    const last = Math.max(...arms.map((a) => curves[a].time_h.at(-1)));
    const series = arms.map((a, i) => ({ label: `${a}, n = ${this.#n(a)}`, colour: COLOURS[i % COLOURS.length], dash: DASHES[i % DASHES.length], width: 2, ...filled(curves[a], last), labelAt: 0.2 + 0.25 * (i % 2) }));
    const points = this.found.points[scale].map((p) => ({ x: p.time_h, y: p.value, half: p.half, title: `${p.arm}: published ${figure(p.value, 3)}`, detail: timeWords(p.time_h) }));
    const all = [...series.flatMap((c) => [...c.low, ...c.high]), ...points.map((p) => p.y)].filter(Number.isFinite);
    this.main = this.context.lineChart(place, {
      height: 232, x: { kind: "time", last }, y: { min: Math.max(0, Math.min(...all) - 3), max: Math.max(...all) + 1, count: 4 }, series, points,
      name: `${scale.toUpperCase()} by visit. ${arms.map((a) => `${a}: from ${figure(curves[a].mean[0], 3)} to ${figure(curves[a].mean.at(-1), 3)}`).join("; ")}.`,
    });
    this.charts.push(this.main);
  }

  #n(arm) {
    return this.trial.arms.find((a) => a.name === arm)?.n ?? this.found.arms[arm].patients;
  }

  /** Shares that got better: bars from zero, with their interval and the published diamond. */
  #response(arms) {
    const rows = arms.map((a, i) => ({ a, i, e: this.found.arms[a].endpoints.find((x) => x.unit === "%") })).filter((r) => r.e);
    if (!rows.length) return h("section", {}, h("h3", {}, "Response"), instead("This trial counts no responders."));
    const [width, row, top] = [220, 54, 16];
    const svg = s("svg", { class: "chart", viewBox: `0 0 ${width} ${rows.length * row + 24}`, width, height: rows.length * row + 24, role: "img", "aria-label": rows.map((r) => `${r.a}: ${figure(r.e.value)} %`).join("; ") });
    const x = (v) => (v / 100) * (width - 2);
    rows.forEach(({ a, i, e }, k) => {
      const y = k * row + top;
      const paper = this.found.published.find((c) => c.arm === a && !c.versus && c.unit === "%" && c.what.startsWith(e.what.split(" ")[0]));
      svg.append(s("text", { x: 0, y: y - 5 }, a), s("text", { class: "value-text", x: width - 2, y: y - 5, "text-anchor": "end" }, `${figure(e.value)} %`),
        s("rect", { x: 0, y, width: width - 2, height: 13, rx: 3, fill: tone("sunk") }), s("rect", { x: 0, y, width: x(e.value), height: 13, rx: 3, fill: tone(COLOURS[i % COLOURS.length]) }),
        s("path", { d: `M${x(e.low)} ${y + 19}v6m0-3H${x(e.high)}m0-3v6`, fill: "none", stroke: tone(COLOURS[i % COLOURS.length]), "stroke-width": 1.6 }));
      if (paper) svg.append(s("path", { class: "point", d: diamond(x(paper.published), y + 6.5) }));
    });
    for (const v of [0, 50, 100]) svg.append(s("text", { x: x(v), y: rows.length * row + 18, "text-anchor": v === 0 ? "start" : v === 100 ? "end" : "middle" }, v === 100 ? "100 %" : String(v)));
    this.responseSvg = svg;
    return h("section", {}, h("h3", {}, `${capital(rows[0].e.what.split(" of ")[0])}, ${endTime(rows[0].e.what)}`), svg);
  }

  #relapse(arms) {
    const names = arms.filter((a) => this.found.relapse[a]);
    if (!names.length) return h("section", {}, h("h3", {}, "Without relapse"), instead("This trial does not follow relapse."));
    const place = h("div", { class: "plot" });
    const last = Math.max(...names.map((a) => this.found.relapse[a].time_h.at(-1)));
    const days = last / 24;
    this.#after(() => {
      const series = names.map((a) => {
        const c = stepped(this.found.relapse[a]);
        return { label: a, colour: COLOURS[arms.indexOf(a) % COLOURS.length], dash: DASHES[arms.indexOf(a) % DASHES.length], x: c.x, y: c.y, low: c.low, high: c.high, labelAt: 0.5 };
      });
      this.charts.push(this.context.lineChart(place, { height: 150, left: 30, x: { kind: "linear", min: 0, max: days, label: "days" }, y: { min: 0, max: 100, ticks: [[0, "0"], [50, "50"], [100, "100"]] }, series, name: `Without relapse, percent over days: ${names.map((a) => `${a} ends at ${figure(100 * this.found.relapse[a].free.at(-1))} %`).join("; ")}` }));
    });
    return h("section", {}, h("h3", {}, "Without relapse, %"), place, h("p", { class: "caption" }, "days after the clock starts, of those who were well"));
  }

  #power() {
    const { power } = this.found;
    if (!power.length) return h("section", {}, h("h3", {}, "Power"), instead("There are no two arms to tell apart."));
    const place = h("div", { class: "plot" });
    this.#after(() => {
      const x = power.map((p) => p.per_arm);
      const share = (key) => power.map((p) => 100 * p[key]);
      this.charts.push(this.context.lineChart(place, {
        height: 150, left: 30, x: { kind: "log", min: x[0], max: x.at(-1), ticks: x.filter((_, i) => i % 2 === 0).map((v) => [v, String(v)]) }, y: { min: 0, max: 100, ticks: [[0, "0"], [50, "50"], [80, "80"], [100, "100"]] },
        series: [{ colour: "ink", width: 2, x, y: share("power"), low: share("low"), high: share("high") }], marks: [{ y: 80 }],
        name: `Power by patients in each arm: ${power.map((p) => `${p.per_arm}: ${Math.round(100 * p.power)} %`).join(", ")}`,
      }));
    });
    return h("section", {}, h("h3", {}, "Power, %, by people per arm"), place, h("p", { class: "caption" }, this.found.power_of));
  }

  /** Each arm's spread of change, as evenly many dots at its percentiles. */
  #people(arms) {
    const { people } = this.found;
    if (!people) return null;
    const shown = arms.filter((a) => people.arms[a]);
    const width = Math.max(300, Math.min(740, this.results.clientWidth - (innerWidth < 720 ? 32 : 64)));
    const [row, left] = [62, width < 500 ? 76 : 110];
    const all = shown.flatMap((a) => people.arms[a].dots);
    const [low, high] = [Math.min(...all, -1) - 2, Math.max(...all, 1) + 2];
    const x = (v) => left + ((v - low) / (high - low)) * (width - left - 10);
    const svg = s("svg", { class: "chart", viewBox: `0 0 ${width} ${shown.length * row + 24}`, width, height: shown.length * row + 24, role: "img", "aria-label": shown.map((a) => `${a}: mean change ${minus(figure(people.arms[a].mean, 3))}`).join("; ") });
    for (let v = Math.ceil(low / 10) * 10; v <= high; v += 10) svg.append(s("line", { class: "grid", x1: x(v), x2: x(v), y1: 0, y2: shown.length * row }), s("text", { x: x(v), y: shown.length * row + 16, "text-anchor": "middle" }, signed(v).replace("+", "")));
    shown.forEach((a, k) => {
      const middle = k * row + 34;
      svg.append(s("text", { x: 0, y: middle + 4 }, a));
      stacked(people.arms[a].dots, x, width < 500 ? 6 : 8.8).forEach(([at, level]) => svg.append(s("circle", { cx: at, cy: middle + level * (width < 500 ? 6.6 : 9.5), r: width < 500 ? 2.8 : 4.2, fill: tone(COLOURS[arms.indexOf(a) % COLOURS.length]) })));
      svg.append(s("line", { x1: x(people.arms[a].mean), x2: x(people.arms[a].mean), y1: middle - 24, y2: middle + 24, stroke: tone("ink"), "stroke-width": 2 }));
    });
    this.peopleSvg = svg;
    return h("section", { class: "people-figure" }, h("div", { class: "chart-head" }, h("h3", {}, "Person by person"), h("span", { class: "caption" }, `change of ${people.scale.toUpperCase()} at ${timeWords(people.time_h)}; 60 dots an arm, at even percentiles; line: mean`)), svg);
  }

  #after(draw) {
    (this.drawLater ??= []).push(draw);
  }

  // ---- beside

  #drawBeside() {
    const { published } = this.found;
    if (!published.length) {
      this.beside.replaceChildren(h("h2", {}, "Beside the publication"), instead("This trial has no publication here to stand beside."), this.#blinding());
      return;
    }
    const inside = published.filter((c) => c.inside).length;
    const used = published.some((c) => c.calibrated_on);
    const rows = published.slice(0, SHOWN).map((c) => h("tr", {}, h("th", { scope: "row" }, capital(c.label.replace(/\b(madrs|cadss|hamd17|caps5|ssi)\b/g, (w) => w.toUpperCase())), c.calibrated_on ? h("span", { class: "caption" }, " calibrated on") : null),
      h("td", {}, h("button", { class: "number", type: "button", onclick: (event) => this.context.openReceipt(c.experiment.split(" - ")[0], event.currentTarget) }, minus(figure(c.published, 3))), h("span", { class: "caption" }, VERIFIED[c.verified] ?? c.verified)),
      h("td", {}, number(c.simulated === null ? "not reached" : minus(figure(c.simulated, 3)), this.found.scales[0], this.context), h("span", { class: "caption" }, c.low === null ? "" : `${minus(figure(c.low, 3))} to ${minus(figure(c.high, 3))}`)),
      h("td", {}, mark(c.inside ? "agree" : "disagree"))));
    this.beside.replaceChildren(h("h2", {}, "Beside the publication"),
      h("p", { class: "second" }, `${inside} of ${published.length} published numbers lie inside 95 % of virtual trials of their size. `, used ? h("b", {}, "Some were used to calibrate.") : "None was used to calibrate."),
      h("p", { class: "second" }, address(published[0].url, published[0].citation)),
      h("div", { class: "scroll" }, h("table", { class: "beside-table" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, h("span", { class: "visually-hidden" }, "What")), h("th", { scope: "col" }, "paper"), h("th", { scope: "col" }, "model"), h("th", { scope: "col" }, h("span", { class: "visually-hidden" }, "Verdict")))), h("tbody", {}, ...rows))),
      h("p", {}, number("What moves the difference most", this.found.scales[0], this.context)),
      published.length > SHOWN ? h("p", { class: "caption" }, `and ${published.length - SHOWN} more in the CSV`) : "", this.#blinding());
  }

  #blinding() {
    const place = h("section", { class: "blinding" }, h("h3", {}, "How much is blinding?"));
    const ask = link("Compare with a perfect blind", async () => {
      ask.disabled = true;
      const other = new Work(this.context.api);
      const job = await other.run("api/trial/run", { ...this.asked(), unblinding: Boolean(this.context.state.get("blind")) });
      const pair = [this.found, job.result].map((r) => r?.comparisons.find((e) => e.unit === "points"));
      if (!pair[0] || !pair[1]) place.append(instead("This trial compares no arms in points."));
      else place.append(twoIntervals(this.context.state.get("blind") ? [pair[1], pair[0]] : pair));
      ask.remove();
    });
    place.append(ask);
    return place;
  }

  exports() {
    const { found } = this;
    const rows = () => [["arm or comparison", "what", "value", "low", "high", "unit", "published", "simulated low", "simulated high"],
      ...Object.entries(found.arms).flatMap(([name, a]) => a.endpoints.map((e) => [name, e.what, e.value, e.low, e.high, e.unit, "", "", ""])),
      ...found.comparisons.map((e) => [`${e.arm} against ${e.versus}`, e.what, e.value, e.low, e.high, e.unit, "", "", ""]),
      ...found.published.map((c) => [c.label, "published", c.simulated ?? "", "", "", c.unit, c.published, c.low ?? "", c.high ?? ""])];
    const items = exportsOf({
      name: "trial", context: this.context, title: () => found.title, protocol: false,
      figures: () => [{ title: `${found.scales[0].toUpperCase()} by arm`, svg: this.main.svg }, { title: "Response", svg: this.responseSvg }, { title: "Person by person", svg: this.peopleSvg }],
      rows, wanted: () => ({ view: "trial", trial: found.trial, patients: found.patients, seed: found.seed }),
    });
    const toml = { label: "Trial as TOML", run: () => import("./dom.js").then((dom) => dom.download(`${found.trial}.toml`, new Blob([this.text || this.trial.text], { type: "text/plain" }))) };
    return [...items, toml];
  }
}

function twoIntervals([asRun, blind]) {
  const [width, left] = [300, 84];
  const values = [asRun, blind].flatMap((e) => [e.low, e.high, 0]);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (v) => left + ((high - v) / (high - low || 1)) * (width - left - 20);
  const svg = s("svg", { class: "chart", viewBox: `0 0 ${width} 96`, width, height: 96, role: "img", "aria-label": `As run ${figure(asRun.value)} points, with a perfect blind ${figure(blind.value)}` });
  svg.append(s("line", { class: "grid", x1: x(0), x2: x(0), y1: 4, y2: 74 }), s("text", { x: x(0), y: 90, "text-anchor": "middle" }, "0"));
  [["as run", asRun, "ink"], ["perfect blind", blind, "neutral"]].forEach(([name, e, colour], i) => {
    const y = 26 + i * 36;
    svg.append(s("text", { x: 0, y: y + 4 }, name), s("line", { x1: x(e.low), x2: x(e.high), y1: y, y2: y, stroke: tone(colour), "stroke-width": 3 }), s("circle", { cx: x(e.value), cy: y, r: 5.5, fill: tone(colour) }), s("text", { class: "value-text", x: x(e.value), y: y - 10, "text-anchor": "middle" }, minus(figure(e.value))));
  });
  return svg;
}

/** Straight lines between visits on the stretched axis, in steps small enough to carry a label anywhere. */
function filled(c, last) {
  const out = { x: [], y: [], low: [], high: [] };
  c.time_h.forEach((t, i) => {
    const next = Math.min(i + 1, c.time_h.length - 1);
    const [from, to] = [toU(t, last), toU(c.time_h[next], last)];
    for (let k = 0; k < (next === i ? 1 : 12); k++) {
      const share = k / 12;
      out.x.push(fromU(from + (to - from) * share, last));
      for (const [key, name] of [["y", "mean"], ["low", "low"], ["high", "high"]]) out[key].push(c[name][i] + (c[name][next] - c[name][i]) * share);
    }
  });
  return out;
}

function stepped(c) {
  const out = { x: [], y: [], low: [], high: [] };
  c.time_h.forEach((t, i) => {
    const put = (k) => { out.x.push(t / 24); out.y.push(100 * c.free[k]); out.low.push(100 * c.low[k]); out.high.push(100 * c.high[k]); };
    if (i) put(i - 1);
    put(i);
  });
  return out;
}

/** Dots that would touch are put beside each other: [place, level]. */
function stacked(dots, x, gap) {
  const placed = [];
  return dots.map((v) => {
    const at = x(v);
    for (const level of [0, -1, 1, -2, 2, -3, 3]) {
      if (placed.every(([p, l]) => l !== level || Math.abs(p - at) > gap)) {
        placed.push([at, level]);
        return [at, level];
      }
    }
    return [at, 0];
  });
}

function diamond(x, y) {
  return `M${x} ${y - 7}L${x + 6} ${y}L${x} ${y + 7}L${x - 6} ${y}Z`;
}

function value(e) {
  return e.value === null ? "not reached" : `${minus(figure(e.value, 3))} ${e.unit}`;
}

function interval(e) {
  return e.low === null ? "" : `95 % of the doubt over virtual patients: ${minus(figure(e.low, 3))} to ${minus(figure(e.high, 3))}`;
}

function endTime(what) {
  const hours = Number(/at ([\d.]+) h/.exec(what)?.[1]);
  return Number.isFinite(hours) ? timeWords(hours) : "the end";
}

function leftWords(job) {
  if (job.state === "waiting") return "Waiting for its turn";
  if (!job.done) return "Wiring the model";
  const left = ((job.total - job.done) * job.seconds) / job.done;
  return `${job.done} of ${job.total} patients${left > 1 ? `, ${Math.ceil(left)} s left` : ""}`;
}

function capital(words) {
  return words[0].toUpperCase() + words.slice(1);
}
