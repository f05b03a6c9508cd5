/**
 * Listen along: the claims in the order in which they are said; the chosen one as a scene with and without, one chart,
 * a verdict, and the papers on both sides. The player steps through the claims and lets each scene run to its moment.
 */
import { h, s, say, tone } from "./dom.js";
import { address, coded, exportsOf, instead, link, mark, number, numbers, roving, VERDICTS } from "./kit.js";
import { Picture, VIGNETTES } from "./picture.js";
import { text } from "./state.js";
import { toU, words as timeWords } from "./timeaxis.js";
import { figure, minus } from "./words.js";

const VIEW = { synapse: 2, dendrite: 3, mood: 4 };
const CIRCUIT = { x: 199, y: 40, width: 390, height: 384 };
const OPIOID = { x: 8, y: 424, width: 212, height: 140 };
const SWEEP_MS = 5000;
const HOLD_MS = 4000;
const TONES = { venous: "blood", nmda: "receptors", mor: "opioid", trkb: "receptors", rate: "circuit", inhibitory: "circuit", power: "circuit", burst: "circuit", extracellular: "circuit", cadss: "mood", madrs: "mood", caps5: "mood", ssi: "mood", drug: "mood", pain: "mood", loss: "mood", stress: "mood", working: "mood", reversal: "mood" };

let view = null;

export async function mount(element, context) {
  context.state.register({ claim: text(""), a: text("tonic_disinhibition"), b: text("opioid_gate") });
  view = new Listen(element, context);
  await view.start();
}

export function unmount() {
  view?.destroy();
  view = null;
}

export const exports = () => (view ? view.exports() : []);

export const keys = {
  " ": { does: "play or pause", run: () => view?.toggle() },
  "[": { does: "previous claim", run: () => view?.step(-1) },
  "]": { does: "next claim", run: () => view?.step(1) },
};

class Listen {
  constructor(element, context) {
    this.context = context;
    this.list = h("ol", { class: "claims" });
    this.note = h("p", { class: "second" });
    this.scene = h("section", { class: "claim-scene", "aria-live": "off" });
    this.papers = h("section", { class: "claim-papers", "aria-label": "What the papers say" });
    const legend = h("p", { class: "claim-legend" }, ...["holds", "in_part", "fails", "untested"].map((v) => h("span", {}, mark(v, { quiet: true }), VERDICTS[v])));
    element.append(
      h("section", { class: "claim-list", "aria-label": "Claims" }, h("header", {}, h("h2", {}, "Mechanisms of ketamine in the brain"), this.note), this.list, legend),
      this.scene, this.papers);
    roving(this.list, "button");
    this.pictures = [];
    this.stops = [context.state.subscribe(["claim"], () => this.show())];
  }

  async start() {
    const found = await this.context.api.getJson("api/claims");
    this.claims = found.claims;
    say(this.note, `${found.claims.length} claims in the order they are said, each put to the test`);
    this.state = found;
    this.list.replaceChildren(...found.claims.map((c, i) => this.#row(c, i)));
    await this.show();
  }

  destroy() {
    this.pause();
    this.stops.forEach((stop) => stop());
    this.#clear();
  }

  get index() {
    return Math.max(0, this.claims.findIndex((c) => c.id === this.context.state.get("claim")));
  }

  step(by) {
    const next = this.claims[this.index + by];
    if (next) this.context.state.set({ claim: next.id });
  }

  exports() {
    const c = this.claims[this.index];
    return exportsOf({
      name: "listen", context: this.context, title: () => c.claim,
      figures: () => [...this.pictures.map((p, i) => ({ title: this.found.sides[i].label, svg: p.svg })), { title: this.shown?.meaning ?? "", svg: this.chart?.svg }],
      rows: () => this.#rows(), wanted: () => ({ view: "listen", asked: this.found.sides[0].asked, observe: this.found.observables.map((o) => o.name).filter((o) => o in this.found.sides[0].curves) }),
    });
  }

  #row(claim, i) {
    const previous = this.claims[i - 1];
    const time = claim.timestamp && claim.timestamp !== previous?.timestamp ? clock(claim.timestamp) : "";
    const button = h("button", { type: "button", onclick: () => this.context.state.set({ claim: claim.id }) },
      h("span", { class: "when" }, time), h("span", { class: "what" }, claim.claim), mark(claim.verdict?.verdict));
    return h("li", {}, button);
  }

  async show() {
    const claim = this.claims[this.index];
    [...this.list.children].forEach((li, i) => {
      const chosen = i === this.index;
      li.firstChild.setAttribute("aria-current", String(chosen));
      if (chosen) li.scrollIntoView?.({ block: "nearest" });
    });
    this.#clear();
    this.scene.setAttribute("aria-busy", "true");
    const said = claim.timestamp ? `said at ${clock(claim.timestamp)}` : "said without a time";
    this.scene.replaceChildren(
      h("p", { class: "second" }, `Claim ${this.index + 1} of ${this.claims.length} · ${said}`), h("h1", {}, sentence(claim.claim)),
      h("div", { class: "must" }, must("What must be seen", claim.shows), must("What must make it vanish", claim.vanishes)));
    this.body = h("div", { class: "scene-body" }, h("p", { class: "second" }, "Computing both sides …"));
    this.scene.append(this.body, this.#player());
    this.scene.scrollTop = 0;
    try {
      const found = await this.context.api.getJson(`api/claims/${claim.id}`);
      if (this.claims[this.index] !== claim || !view) return;
      this.found = found;
      this.t = found.at_h;
      this.shown = found.observables[0];
      this.#drawScene(claim);
      this.#drawPapers();
      this.context.announce(`Claim ${this.index + 1}: ${claim.claim}. ${verdictWords(claim)}`);
      await this.#fillPictures(found);
    } catch (problem) {
      if (problem.name !== "AbortError") this.body.replaceChildren(instead(problem.message));
    } finally {
      this.scene.removeAttribute("aria-busy");
    }
  }

  #clear() {
    this.pictures.forEach((p) => p.destroy());
    this.pictures = [];
    this.chart?.destroy();
    this.chart = null;
  }

  #drawScene(claim) {
    const sides = this.found.sides.map((side, i) => h("figure", { class: "side" },
      h("figcaption", {}, h("b", {}, i ? "Control" : "With the drug"), h("span", {}, i || side.label !== "With the drug" ? side.label : `0.5 mg/kg, at ${timeWords(this.found.at_h)}`)),
      h("div", { class: "side-picture" })));
    this.places = sides.map((node) => node.querySelector(".side-picture"));
    this.when = h("p", { class: "caption" });
    this.plot = h("div", { class: "plot" });
    this.verdict = h("div", { class: "verdict" });
    const chips = this.found.observables.map((o) => h("button", { class: "chip", type: "button", "aria-pressed": String(o === this.shown), onclick: () => this.#choose(o) }, label(o.name)));
    this.chips = chips;
    this.chartTitle = h("h3", {});
    this.chartUnit = h("span", { class: "caption" });
    this.numbersPlace = h("div", {});
    this.body.replaceChildren(h("div", { class: "sides" }, ...sides), this.when,
      h("div", { class: "chart-and-verdict" },
        h("div", {}, h("div", { class: "chart-head" }, this.chartTitle, this.chartUnit), this.plot, chips.length > 1 ? h("div", { class: "chips" }, ...chips) : null, this.numbersPlace),
        this.verdict));
    this.#drawChart();
    this.#drawVerdict(claim);
  }

  #choose(observable) {
    this.shown = observable;
    this.chips.forEach((chip, i) => chip.setAttribute("aria-pressed", String(this.found.observables[i] === observable)));
    this.#drawChart();
    this.#drawVerdict(this.claims[this.index]);
  }

  #drawChart() {
    const { name, unit } = this.shown;
    const series = this.found.sides.map((side, i) => this.#series(side, i)).filter(Boolean);
    const values = series.flatMap((c) => [...c.low, ...c.high, ...c.y]);
    say(this.chartTitle, label(name, true));
    say(this.chartUnit, unitWords(unit));
    this.chart?.destroy();
    this.plot.replaceChildren();
    this.chart = this.context.lineChart(this.plot, {
      height: 150, x: { kind: "time", last: this.found.days * 24 }, y: range(values), series, t: this.t,
      onScrub: (t) => { this.pause(); this.#at(t); }, name: summary(name, unit, series, this.found.at_h),
    });
    const heads = ["time", ...this.found.sides.map((side, i) => (i ? `control: ${side.label}` : side.label))];
    this.numbersPlace.replaceChildren(numbers(`${label(name)}, with and without`, heads, this.#moments().map((t) => [timeWords(t), ...this.found.sides.map((side) => shown(this.#value(side, name, t)))])));
  }

  #series(side, i) {
    const curve = side.curves[this.shown.name];
    if (!curve) return null;
    return {
      label: i ? "control" : "with the drug", colour: i ? "ink-3" : stageTone(this.shown.name), dash: i ? "5 4" : "none", width: i ? 1.6 : 2,
      x: side.times_h, y: curve.middle, low: curve.low, high: curve.high, labelAt: i ? 0.72 : 0.42,
    };
  }

  #value(side, name, t, layer = "middle") {
    const curve = side.curves[name];
    if (!curve) return null;
    const place = Math.min(1, toU(t, this.found.days * 24)) * (curve[layer].length - 1);
    const i = Math.min(Math.floor(place), curve[layer].length - 2);
    return curve[layer][i] + (curve[layer][i + 1] - curve[layer][i]) * (place - i);
  }

  #moments() {
    return [0, 2 / 3, 4, 24, 72, 168, 336, 672].filter((t) => t <= this.found.days * 24);
  }

  #rows() {
    const heads = ["time [h]"];
    this.found.sides.forEach((side) => Object.keys(side.curves).forEach((name) => heads.push(`${side.label}: ${name}`)));
    const times = this.found.sides[0].times_h;
    return [heads, ...times.map((t, i) => [t, ...this.found.sides.flatMap((side) => Object.values(side.curves).map((c) => c.middle[i]))])];
  }

  #drawVerdict(claim) {
    const judged = claim.verdict;
    const name = this.shown.name;
    const [withDrug, control] = this.found.sides.map((side) => this.#told(side, name));
    const lines = [h("p", { class: "verdict-word" }, mark(judged?.verdict, { size: 20, quiet: true }), judged ? VERDICTS[judged.verdict] : "not yet demonstrated")];
    if (!judged || this.state.state === "stale") lines.push(h("p", { class: "second" }, ...coded(this.state.note)));
    if (judged) lines.push(...this.#checks(judged));
    lines.push(h("p", {}, `In this model ${label(name)} at ${timeWords(this.found.at_h)} goes `, h("b", {}, withDrug), " with the drug, and ", h("b", {}, control), " in the control."));
    lines.push(h("p", {}, number("Show receipts", name, this.context)));
    this.verdict.replaceChildren(...lines);
  }

  /** What had to be seen, whether it was, and which theories show it. */
  #checks(judged) {
    const rows = judged.checks.map((c) => h("li", {}, mark(c.holds && (!c.control || c.control.as_it_must) ? "agree" : "disagree", { size: 12 }),
      h("span", {}, capital(c.says), c.value === null ? "" : `: ${c.value > 0 && c.unit === "%" ? "+" : ""}${minus(figure(c.value, 3))} ${c.unit === "1" ? "" : c.unit}`, c.control && !c.control.as_it_must ? h("em", {}, ` Control (${c.control.says}) does not do what it must.`) : "")));
    const { show, do_not: not } = judged.hypotheses;
    const who = show.length + not.length > 1 ? h("p", { class: "second" }, `${show.length} of ${show.length + not.length} theories that speak of it show it.`) : null;
    return [h("ul", { class: "checks" }, ...rows), who].filter(Boolean);
  }

  /** "from 36 to 21 (15 to 27)": before, then, and the band. */
  #told(side, name) {
    if (!side.curves[name]) return "unknown (nothing is given that has it)";
    const [low, high] = ["low", "high"].map((layer) => this.#value(side, name, this.found.at_h, layer));
    const [before, after] = [0, this.found.at_h].map((t) => shown(this.#value(side, name, t)));
    if (before === after && shown(low) === shown(high)) return `nowhere: it stays at ${before}`;
    return `from ${before} to ${after} (${shown(low)} to ${shown(high)})`;
  }

  async #fillPictures(found) {
    const crop = { opioid: OPIOID, circuit: CIRCUIT }[found.vignette] ?? VIGNETTES[VIEW[found.vignette]].view;
    const tables = await Promise.all(found.sides.map((side) => this.context.api.run(side.asked).catch((problem) => problem)));
    if (this.found !== found || !view) return;
    tables.forEach((table, i) => {
      const place = this.places[i];
      if (table instanceof Error) {
        place.replaceChildren(instead(table.message));
        return;
      }
      const picture = new Picture(place, { theme: this.context.theme, onPick: (part) => this.context.openReceipt(part.receipts[0], place) });
      picture.set(table, { off: found.sides[i].asked.without });
      place.dataset.vignette = found.vignette;
      picture.look(crop);
      this.pictures.push(picture);
    });
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) this.pictures.forEach((p) => p.start());
    this.#at(this.t);
  }

  #at(t) {
    this.t = t;
    this.chart?.playhead(t);
    this.pictures.forEach((p) => p.at(t));
    say(this.when, `Both pictures at ${timeWords(t)}`);
  }

  #drawPapers() {
    const sides = [["for", "agree", "agrees"], ["against", "disagree", "disagrees"]].map(([key, verdict, colour]) => ({ key, verdict, colour, studies: byStudy(this.found.papers[key]) }));
    const bar = h("div", { class: "paper-bar", "aria-hidden": "true" }, ...sides.filter((side) => side.studies.length).map((side) => {
      const part = h("i", {});
      part.style.flexGrow = side.studies.length;
      part.style.background = tone(side.colour);
      return part;
    }));
    const rows = sides.flatMap((side) => side.studies.map((results) => this.#paper(results, side.verdict)));
    const none = instead("No published result known here speaks to this claim.");
    const links = this.context.edition === "static" ? null : h("p", { class: "paper-links" }, link("Open in Explore", () => this.#explore()), link("Which theory fits?", () => this.#theories()));
    this.papers.replaceChildren(...[h("h2", {}, "What the papers say"), bar,
      h("p", { class: "paper-count" }, ...sides.map((side) => h("b", { class: side.key }, `${side.studies.length} ${side.studies.length === 1 ? "study" : "studies"} ${side.key}`))),
      rows.length ? h("ul", {}, ...rows) : none, links].filter(Boolean));
  }

  #paper(results, side) {
    const [e] = results;
    const lines = results.map((r) => h("p", {}, h("button", { class: "plain word", type: "button", onclick: (event) => this.context.openReceipt(r.id, event.currentTarget) }, `${label(r.observable, true)}: ${result(r)}`)));
    const verified = [...new Set(results.map((r) => r.verified))].join(", ");
    return h("li", {}, mark(side), h("div", {}, h("p", { class: "paper-title" }, address(e.url, e.citation)), ...lines, h("p", { class: "caption" }, `${e.species.replaceAll("_", " ")} · ${verified}`)));
  }

  /** The theories view, with one that shows this claim against one that does not. */
  #theories() {
    const { show = [], do_not: not = [] } = this.claims[this.index].verdict?.hypotheses ?? {};
    this.context.goTo("theories", show.length && not.length ? { a: show[0], b: not[0] } : {});
  }

  #explore() {
    const { asked } = this.found.sides[0];
    this.context.goTo("explore", { off: asked.without, days: asked.days, t: this.found.at_h });
  }

  #player() {
    const stamps = [...new Set(this.claims.filter((c) => c.timestamp).map((c) => c.timestamp))];
    const [first, last] = [seconds(stamps[0]), seconds(stamps[stamps.length - 1])];
    const at = (stamp) => (100 * (seconds(stamp) - first)) / (last - first);
    const current = this.claims[this.index].timestamp;
    this.button = h("button", { class: "play", type: "button", "aria-label": this.playing ? "Pause" : "Play the claims", onclick: () => this.toggle() }, playIcon(this.playing));
    const dots = stamps.map((stamp, i) => {
      const dot = h("button", { type: "button", class: "stop-dot", "aria-label": `Claims of ${clock(stamp)}`, "aria-current": String(stamp === current), onclick: () => this.context.state.set({ claim: this.claims.find((c) => c.timestamp === stamp).id }) }, h("span", { class: crowded(stamps, i, at) ? "shift" : "" }, clock(stamp)));
      dot.style.left = `${at(stamp)}%`;
      return dot;
    });
    return h("div", { class: "player" }, this.button, h("p", { class: "second" }, `Claim ${this.index + 1} of ${this.claims.length}`), h("div", { class: "track" }, ...dots));
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    this.playing = true;
    this.begun = performance.now();
    this.button?.replaceChildren(playIcon(true));
    this.button?.setAttribute("aria-label", "Pause");
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const tick = (now) => {
      if (!this.playing) return;
      const gone = now - this.begun;
      if (this.found && this.chart && !still && gone < SWEEP_MS) this.#at(this.found.at_h * (gone / SWEEP_MS) ** 2);
      if (gone > SWEEP_MS + HOLD_MS) {
        if (this.index + 1 >= this.claims.length) return this.pause();
        this.begun = now;
        this.step(1);
      }
      this.frame = requestAnimationFrame(tick);
    };
    this.frame = requestAnimationFrame(tick);
  }

  pause() {
    this.playing = false;
    cancelAnimationFrame(this.frame);
    this.button?.replaceChildren(playIcon(false));
    this.button?.setAttribute("aria-label", "Play the claims");
  }
}

/** Results of one study together. */
function byStudy(results) {
  const found = new Map();
  for (const e of results) found.set(e.citation, [...(found.get(e.citation) ?? []), e]);
  return [...found.values()];
}

function must(title, words) {
  return h("div", {}, h("h3", {}, title), h("p", {}, sentence(words === "-" ? "Nothing: this claim compares treatments" : words)));
}

function playIcon(playing) {
  const path = playing ? "M3 2h3v8H3zM7 2h3v8H7z" : "M3 1.5l7.5 4.5L3 10.5z";
  return s("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" }, s("path", { d: path }));
}

function crowded(stamps, i, at) {
  return i > 0 && at(stamps[i]) - at(stamps[i - 1]) < 9;
}

function verdictWords(claim) {
  return claim.verdict ? VERDICTS[claim.verdict.verdict] : "Not yet demonstrated";
}

function seconds(stamp) {
  return stamp.split(":").reduce((sum, part) => 60 * sum + Number(part), 0);
}

/** "46:00" or "1:34:00". */
function clock(stamp) {
  return stamp.replace(/^0+:?/, "").replace(/^0/, "");
}

function capital(words) {
  return words[0].toUpperCase() + words.slice(1);
}

function sentence(words) {
  const whole = words.trim();
  return `${whole[0].toUpperCase()}${whole.slice(1)}${/[.!?]$/.test(whole) ? "" : "."}`;
}

const NAMES = { madrs: "MADRS", cadss: "CADSS", ssi: "SSI", caps5: "CAPS-5", hamd17: "HAM-D", hamd24: "HAM-D", bdnf_extracellular: "BDNF outside cells", bdnf_plasma: "BDNF in plasma", bdnf_tissue: "BDNF in tissue", p_trkb: "active TrkB", p_akt: "active Akt", rate_pv: "PV firing", rate_sst: "SST firing", rate_pyramidal: "pyramidal firing", rate_interneuron: "interneuron firing", nmda_occupancy: "NMDA block", nmda_native: "NMDA current", nmda_2a: "GluN2A current", nmda_2b: "GluN2B current", mor_signal: "µ-opioid signal", mor_occupancy: "µ-opioid occupancy", inhibitory_conductance: "inhibition of pyramidal cells", psd95: "PSD-95", glua1: "GluA1", synapsin1: "synapsin 1", sv2a_density: "SV2A density", ampa_epsc: "AMPA current", sipsc_frequency: "inhibitory events", sepsc_frequency: "excitatory events", p_mtor: "active mTOR", kor_occupancy: "κ-opioid occupancy", pain_vas: "pain", fst_immobility: "immobility in the swim test", power_gamma: "gamma power" };

/** A name for people. */
export function label(name, capital = false) {
  const words = NAMES[name] ?? name.replaceAll("_", " ").replace(/\b(nmda|bdnf|mtor|trkb|pv|sst|vip|eef2)\b/gi, (w) => ({ pv: "PV", sst: "SST", vip: "VIP", trkb: "TrkB", eef2: "eEF2", mtor: "mTOR" })[w] ?? w.toUpperCase());
  return capital && words[0] !== "µ" ? words[0].toUpperCase() + words.slice(1) : words;
}

function stageTone(name) {
  return TONES[name.split("_")[0]] ?? TONES[name] ?? "plasticity";
}

function unitWords(unit) {
  return unit === "1" ? "relative, or a share" : unit;
}

function range(values) {
  const finite = values.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const pad = (high - low || Math.abs(high) || 1) * 0.08;
  return { min: low >= 0 && low < pad * 2 ? 0 : low - pad, max: high + pad };
}

function shown(value) {
  return value === null ? "none" : minus(figure(value, 3));
}

function summary(name, unit, series, at) {
  return `${label(name, true)} over time${unit === "1" ? "" : `, ${unit}`}. ${series.map((c) => `${c.label}: starts at ${shown(c.y[0])}, ends at ${shown(c.y[c.y.length - 1])}`).join("; ")}. The moment is ${timeWords(at)}.`;
}

/** A manipulation in words: "knockdown:glun2b@sst" is "knockdown of GluN2B in SST". */
export function changed(manipulation) {
  const places = { pv: "PV", sst: "SST", vip: "VIP", mpfc: "prefrontal cortex", lhb: "habenula" };
  return manipulation.split("+").map((term) => {
    const [kind, rest = ""] = term.split(":");
    const [target, place] = rest.split("@");
    const name = target.replace(/^glun2(.)/, (_, letter) => `GluN2${letter.toUpperCase()}`).replaceAll("_", " ");
    return `${kind} of ${NAMES[target] ?? name}${place && place !== "systemic" ? ` in ${places[place] ?? place} ` : ""}`.trim();
  }).join(" and ");
}

const SIGNS = { 1: "up", 0: "no change", "-1": "down" };

/** A published result in words. */
export function result(e) {
  const when = e.time_h ? ` at ${timeWords(e.time_h)}` : "";
  const under = e.manipulation ? ` under ${changed(e.manipulation)}` : "";
  if (e.statistic.includes("sign")) return `${SIGNS[Math.sign(e.value)]}${when}${under}`;
  if (e.statistic === "remaining") return `${e.value < 0.5 ? "gone" : "kept"}${when}${under}`;
  if (e.statistic.startsWith("ratio")) return `${e.statistic === "ratio" ? "" : `${e.statistic.split(":")[1].replaceAll("_", " ")} `}× ${figure(e.value)}${when}${under}`;
  const unit = e.unit === "1" || e.unit === "percent" || e.unit === "%" ? (e.unit === "1" ? "" : " %") : ` ${e.unit}`;
  const what = e.statistic === "value" ? "" : `${e.statistic.replaceAll("_", " ")} `;
  return `${what}${minus(figure(e.value, 3))}${unit.replace("uM", "µM")}${when}${under}`;
}
