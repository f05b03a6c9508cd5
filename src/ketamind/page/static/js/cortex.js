/**
 * Cortex: a spiking network before and under drug at a chosen free concentration, with cell types kept free of it.
 * Rasters, rates as paired dots, spectra on logarithmic axes.
 */
import { niceTicks } from "./curves.js";
import { h, s, say, tone } from "./dom.js";
import { exportsOf, instead, link, number, numbers, Progress, Work } from "./kit.js";
import { label } from "./listen.js";
import { list, number as field, text } from "./state.js";
import { figure, minus, signed } from "./words.js";

const TYPES = [["pyramidal", "Pyramidal"], ["pv", "PV"], ["sst", "SST"], ["vip", "VIP"]];
const [LOW_UM, HIGH_UM, STEPS] = [0.05, 20, 100];
const BANDS = { delta: [1, 4], theta: [4, 8], alpha: [8, 13], beta: [13, 30], gamma: [30, 80] };
const SHOWN = [["power_alpha", "alpha power"], ["power_beta", "beta power"], ["power_gamma", "gamma power"], ["inhibitory_conductance", "inhibition of pyramidal cells"], ["burst_fraction", "share of spikes in bursts"]];
const RECEIPTS = { power_alpha: "power_alpha", power_beta: "power_beta", power_gamma: "power_gamma", inhibitory_conductance: "inhibitory_conductance", burst_fraction: "burst_fraction" };

let view = null;

export async function mount(element, context) {
  context.state.register({ um: field(0.5, LOW_UM, HIGH_UM), protect: list(), source: text("um"), at: text("40 min"), cells: field(1000, 1000, 10_000), seconds: field(3, 1, 30), seed: field(1, 0, 1e9) });
  view = new CortexView(element, context);
  await view.run();
}

export function unmount() {
  view?.destroy();
  view = null;
}

export const exports = () => (view?.found ? view.exports() : []);

class CortexView {
  constructor(element, context) {
    this.context = context;
    this.work = new Work(context.api);
    this.rail = h("section", { class: "side-rail", "aria-label": "What is simulated" });
    this.results = h("section", { class: "cortex-results", "aria-label": "Before and under drug" });
    element.append(this.rail, this.results);
    this.#drawRail();
    this.stopTheme = context.theme.onChange(() => this.#rasters());
    this.observer = new ResizeObserver(() => this.#rasters());
    this.observer.observe(this.results);
  }

  destroy() {
    this.work.drop();
    this.stopTheme();
    this.observer.disconnect();
    this.chart?.destroy();
    this.difference?.destroy();
  }

  #drawRail() {
    const { state } = this.context;
    const slider = h("input", { class: "slider", type: "range", min: 0, max: STEPS, step: 1, "aria-label": "Free ketamine in the brain" });
    const shown = h("b", {});
    const show = () => {
      slider.value = Math.round((STEPS * Math.log(state.get("um") / LOW_UM)) / Math.log(HIGH_UM / LOW_UM));
      say(shown, `${figure(state.get("um"))} µM`);
      slider.setAttribute("aria-valuetext", `${figure(state.get("um"))} micromolar`);
    };
    slider.addEventListener("input", () => {
      state.set({ um: Number((LOW_UM * (HIGH_UM / LOW_UM) ** (slider.value / STEPS)).toPrecision(2)), source: "um" });
      this.#source();
      show();
    });
    slider.addEventListener("change", () => this.run());
    show();
    this.sources = ["um", "protocol"].map((value) => {
      const input = h("input", { type: "radio", name: "source", value });
      input.addEventListener("change", () => { state.set({ source: value }); this.#source(); this.run(); });
      return input;
    });
    const at = h("input", { type: "text", value: state.get("at"), maxlength: 20, "aria-label": "At which time of the protocol" });
    at.addEventListener("change", () => { state.set({ at: at.value }); if (state.get("source") === "protocol") this.run(); });
    const protects = TYPES.map(([type, name]) => {
      const box = h("input", { type: "checkbox", class: "switch", "aria-label": `Keep ${name} cells free of the drug` });
      box.checked = state.get("protect").includes(type);
      box.style.setProperty("--tone", `var(--${type})`);
      box.addEventListener("change", () => {
        const others = state.get("protect").filter((t) => t !== type);
        state.set({ protect: box.checked ? [...others, type] : others });
        this.run();
      });
      return h("label", { class: "switch-row" }, box, cellMark(type), h("span", {}, name));
    });
    const setting = (key, name, step) => {
      const input = h("input", { type: "number", step, value: state.get(key) });
      input.addEventListener("change", () => { state.set({ [key]: state.fields[key].read(input.value) }); input.value = state.get(key); this.run(); });
      return h("label", {}, name, input);
    };
    this.progress = new Progress("Cortex simulated");
    this.runButton = link("Run again", () => this.run());
    this.stopButton = link("Stop", () => this.stop(), { class: "button", disabled: true });
    this.protocolWords = h("span", { class: "second" });
    this.rail.append(
      h("div", { class: "field" }, h("p", { class: "name" }, "Free ketamine in the brain", shown), slider, h("div", { class: "scale", "aria-hidden": "true" }, h("span", {}, String(LOW_UM)), h("span", {}, String(HIGH_UM)))),
      h("fieldset", { class: "field bare" }, h("legend", { class: "name" }, "Taken from"),
        h("div", { class: "choices two" }, h("label", {}, this.sources[0], "the slider"), h("label", {}, this.sources[1], "Explore's dose")),
        h("label", { class: "inline" }, "at", at), this.protocolWords),
      h("fieldset", { class: "field bare" }, h("legend", { class: "name" }, "Keep free of the drug"), ...protects),
      h("div", { class: "pair three" }, setting("seconds", "seconds", 1), setting("cells", "cells", 100), setting("seed", "seed", 1)),
      h("div", { class: "rail-end" }, this.progress.node, h("div", { class: "buttons" }, this.stopButton, this.runButton)));
    this.#source();
  }

  #source() {
    const source = this.context.state.get("source");
    this.sources.forEach((input) => { input.checked = input.value === source; });
    say(this.protocolWords, source === "protocol" ? this.context.asked().protocol : "");
  }

  asked() {
    const { state } = this.context;
    const common = { protect: state.get("protect"), cells: state.get("cells"), seconds: state.get("seconds"), seed: state.get("seed") };
    if (state.get("source") === "protocol") return { protocol: this.context.asked().protocol, at: state.get("at"), without: state.get("off"), ...common };
    return { uM: state.get("um"), ...common };
  }

  async run() {
    if (this.work.busy) {
      this.again = true;
      return this.stop();
    }
    this.again = false;
    this.stopButton.disabled = false;
    this.results.classList.add("waiting");
    if (!this.found) this.results.replaceChildren(instead("Simulating both stretches …"));
    try {
      const job = await this.work.run("api/cortex", this.asked(), (j) => this.progress.show(j.done, j.total, progressWords(j)));
      if (this.work.dropped) return;
      this.progress.hide();
      if (job.result) this.#show(job);
      else if (!this.again) this.context.status("Stopped");
    } catch (problem) {
      this.progress.hide();
      this.found = null;
      this.results.replaceChildren(instead(problem.message));
    } finally {
      this.stopButton.disabled = true;
      this.results.classList.remove("waiting");
    }
    if (this.again && !this.work.dropped) await this.run();
  }

  async stop() {
    this.stopButton.disabled = true;
    await this.work.stop();
  }

  #show(job) {
    this.found = job.result;
    const [before, during] = this.found.moments;
    this.context.status(`Simulated in ${figure(job.seconds)} s`);
    this.canvases = [before, during].map((m) => h("canvas", { role: "img", "aria-label": `Raster ${words(m)}: ${m.raster.row.length} spikes of ${m.raster.rows} cells in the last second` }));
    const columns = [before, during].map((m, i) => h("figure", { class: "raster" }, h("figcaption", {}, h("b", {}, i ? "Under drug" : "Before"), h("span", {}, i ? this.#setting() : "the same network, no drug")), this.canvases[i]));
    this.rates = this.#ratesSvg(before, during);
    this.spectrumPlot = h("div", { class: "plot" });
    this.differencePlot = h("div", { class: "plot" });
    const table = numbers("Rates and powers before and under drug", ["", "before", "under drug"], this.#rows().slice(1).map((r) => [r[0], ...r.slice(1).map((v) => minus(figure(v, 3)))]));
    this.results.replaceChildren(
      h("h1", { class: "headline" }, this.#headline(before, during)),
      h("p", { class: "second" }, `${Object.values(this.found.cells).reduce((a, b) => a + b)} cells, ${this.context.state.get("seconds")} s each; 200 cells drawn, the last second. One network, one seed: chance differences of a few percent are usual.`),
      h("div", { class: "sides" }, ...columns),
      h("div", { class: "cortex-below" },
        h("section", {}, h("h3", {}, "Firing rates, Hz"), this.rates, h("ul", { class: "changes" }, ...SHOWN.map(([key, name]) => this.#changed(key, name, before, during)))),
        h("section", {}, h("h3", {}, "Spectrum of the field"), h("p", { class: "caption" }, "pA² per Hz over Hz; grey: before"), this.spectrumPlot, h("p", { class: "caption" }, "Under drug over before"), this.differencePlot, table)));
    this.#spectra(before, during);
    this.#rasters();
    this.context.announce(this.#headline(before, during));
  }

  #setting() {
    const { state } = this.context;
    const what = state.get("source") === "protocol" ? `${this.context.asked().protocol}, at ${state.get("at")}` : `${figure(state.get("um"))} µM ketamine`;
    const free = state.get("protect").map((t) => TYPES.find(([n]) => n === t)?.[1]).filter(Boolean);
    return free.length ? `${what}; ${free.join(", ")} kept free` : what;
  }

  #headline(before, during) {
    const gamma = 100 * (during.numbers.power_gamma / before.numbers.power_gamma - 1);
    const pyramidal = 100 * (during.numbers.rate_pyramidal / before.numbers.rate_pyramidal - 1);
    return `Pyramidal firing ${signed(pyramidal)} %, gamma power ${signed(gamma)} %`;
  }

  #changed(key, name, before, during) {
    const ratio = 100 * (during.numbers[key] / before.numbers[key] - 1);
    return h("li", {}, h("span", {}, name), number(Number.isFinite(ratio) ? `${signed(ratio)} %` : "unknown", RECEIPTS[key], this.context));
  }

  #ratesSvg(before, during) {
    const [width, left, right, row] = [330, 86, 74, 34];
    const most = Math.max(...TYPES.flatMap(([t]) => [before, during].map((m) => m.numbers[`rate_${t}`]))) * 1.1 || 1;
    const x = (v) => left + (v / most) * (width - left - right);
    const svg = s("svg", { class: "chart rates", viewBox: `0 0 ${width} ${TYPES.length * row + 24}`, width, height: TYPES.length * row + 24, role: "img", "aria-label": `Rates before and under drug. ${TYPES.map(([t, n]) => `${n} ${figure(before.numbers[`rate_${t}`])} and ${figure(during.numbers[`rate_${t}`])} Hz`).join("; ")}` });
    const bottom = TYPES.length * row + 4;
    for (const [at, words] of niceTicks(0, most, 3).ticks) {
      svg.append(s("line", { class: "grid", x1: x(at), x2: x(at), y1: 0, y2: bottom }), s("text", { x: x(at), y: bottom + 15, "text-anchor": "middle" }, words));
    }
    TYPES.forEach(([type, name], i) => {
      const y = i * row + 18;
      const [a, b] = [before, during].map((m) => m.numbers[`rate_${type}`]);
      svg.append(s("text", { class: "label", x: 0, y: y + 4, style: { fill: tone(type) } }, name),
        s("line", { x1: x(a), x2: x(b), y1: y, y2: y, stroke: tone(type), "stroke-width": 2 }),
        s("circle", { cx: x(a), cy: y, r: 5, fill: tone("surface"), stroke: tone("neutral"), "stroke-width": 2 }),
        s("circle", { cx: x(b), cy: y, r: 5.5, fill: tone(type) }),
        s("text", { x: width, y: y + 4, "text-anchor": "end" }, a ? `${signed(100 * (b / a - 1))} %` : "unknown"));
    });
    return svg;
  }

  #spectra(before, during) {
    const f = this.found.frequency;
    const all = [...before.spectrum, ...during.spectrum];
    const x = { kind: "log", min: f[0], max: f[f.length - 1], ticks: [[3, "3"], [10, "10"], [30, "30"], [100, "100"]] };
    this.chart?.destroy();
    this.difference?.destroy();
    const smooth = (values) => values.map((_, i) => mean(values.slice(Math.max(0, i - 1), i + 2)));
    this.chart = this.context.lineChart(this.spectrumPlot, {
      height: 190, x, y: { kind: "log", min: Math.min(...all.filter((v) => v > 0)) * 0.8, max: Math.max(...all) * 1.2 },
      series: [{ label: "before", colour: "neutral", width: 1.6, dash: "5 3", x: f, y: before.spectrum, labelAt: 0.3 }, { label: "under drug", colour: "circuit", width: 2, x: f, y: during.spectrum, labelAt: 0.6 }],
      name: `Spectrum of the field, 2 to 120 Hz, before and under drug. ${Object.keys(BANDS).map((b) => `${b} ${signed(100 * (during.numbers[`power_${b}`] / before.numbers[`power_${b}`] - 1))} %`).join(", ")}`,
    });
    const ratio = smooth(f.map((_, i) => Math.log2(during.spectrum[i] / before.spectrum[i])));
    this.difference = this.context.lineChart(this.differencePlot, {
      height: 90, x, y: { min: -3, max: 3, ticks: [[-2, "× ¼"], [0, "× 1"], [2, "× 4"]] }, marks: [{ y: 0 }],
      series: [{ colour: "circuit", width: 1.6, x: f, y: ratio }], name: "Ratio of the spectra, under drug over before",
    });
  }

  #rasters() {
    if (!this.found || !this.canvases) return;
    this.found.moments.slice(0, 2).forEach((m, i) => drawRaster(this.canvases[i], m.raster, this.context.theme, this.found.cells));
  }

  #rows() {
    const [before, during] = this.found.moments;
    return [["", "before", "under drug"], ...Object.keys(before.numbers).map((key) => [label(key), before.numbers[key], during.numbers[key]])];
  }

  exports() {
    const raster = (i) => {
      const canvas = this.canvases[i];
      const [width, height] = [canvas.clientWidth, canvas.clientHeight];
      return s("svg", { width, height, viewBox: `0 0 ${width} ${height}` }, s("image", { width, height, href: canvas.toDataURL("image/png") }));
    };
    const { protocol, at, without } = this.asked();
    const asked = { protocol: protocol ?? "0.5 mg/kg ketamine iv over 40 min", without: without ?? [] };
    const { protect, cells, seconds, seed } = this.asked();
    const rest = { protect, cells, seconds, seed, ...(protocol ? { at } : { uM: this.context.state.get("um") }) };
    return exportsOf({
      name: "cortex", context: this.context, title: () => `Cortex: ${this.#setting()}`, protocol: false,
      figures: () => [{ title: "Before", svg: raster(0) }, { title: "Under drug", svg: raster(1) }, { title: "Firing rates, Hz", svg: this.rates }, { title: "Spectrum", svg: this.chart.svg }],
      rows: () => this.#rows(), wanted: () => ({ view: "cortex", asked, ...rest }),
    });
  }
}

function drawRaster(canvas, raster, theme, cells) {
  const [width, height] = [canvas.parentElement.clientWidth - 24, 260];
  const scale = devicePixelRatio || 1;
  Object.assign(canvas, { width: width * scale, height: height * scale });
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const [left, top, bottom] = [64, 4, 20];
  const drawn = { pyramidal: 120, pv: 32, sst: 28, vip: 20 };
  const step = (height - top - bottom) / raster.rows;
  const x = (ms) => left + (ms / raster.lasts_ms) * (width - left - 4);
  let first = 0;
  pen.font = "11px Helvetica, Arial, sans-serif";
  for (const [type, name] of TYPES) {
    const rows = Math.min(drawn[type], cells[type] ?? 0);
    pen.fillStyle = theme.colour(type);
    pen.fillText(name, 0, top + (first + rows / 2) * step + 4);
    for (let k = 0; k < raster.row.length; k++) {
      if (raster.row[k] >= first && raster.row[k] < first + rows) pen.fillRect(x(raster.ms[k]), top + raster.row[k] * step, 1.6, Math.max(1.4, step));
    }
    first += rows;
    pen.fillStyle = theme.colour("hairline");
    pen.fillRect(left, top + first * step, width - left, 1);
  }
  pen.fillStyle = theme.colour("ink-3");
  pen.fillText("0", left, height - 4);
  pen.textAlign = "end";
  pen.fillText("1 s", width - 2, height - 4);
}

function cellMark(type) {
  const shape = { pyramidal: s("path", { d: "M7 2l5 10H2z" }), pv: s("circle", { cx: 7, cy: 7, r: 5 }), sst: s("ellipse", { cx: 7, cy: 7, rx: 6, ry: 3.8 }), vip: s("path", { d: "M7 1l5 6-5 6-5-6z" }) }[type];
  shape.setAttribute("fill", tone(type));
  return s("svg", { class: "mark", viewBox: "0 0 14 14", width: 14, height: 14, "aria-hidden": "true" }, shape);
}

function progressWords(job) {
  if (job.state === "waiting") return "Waiting for its turn";
  return job.total ? `${job.done} of ${job.total} stretches` : "Building the network";
}

function words(moment) {
  return moment.name === "before" ? "before drug" : "under drug";
}

function mean(values) {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
