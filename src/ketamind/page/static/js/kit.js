/** What the views besides Explore share: verdict marks, numbers that open their receipts, work on the server, exports. */
import { download, h, s, say, tone } from "./dom.js";

export const RESEARCH = "For research and teaching. Not medical advice: do not choose a treatment or a dose from this page.";
const EVERY_MS = 150;
const SIDE = 14;

/** Shape and word of each verdict: colour only repeats them. */
export const VERDICTS = {
  holds: "holds", in_part: "holds in part", fails: "does not hold", untested: "not tested",
  agree: "agrees", disagree: "disagrees", not_applicable: "does not speak to it", failed: "could not be run",
};
const SHAPES = { holds: "disc", agree: "disc", in_part: "half", fails: "cross", disagree: "cross" };

/** The mark of a verdict: disc, half disc, crossed square, or a dash. Its word is read out unless `quiet`. */
export function mark(verdict, { size = SIDE, quiet = false } = {}) {
  const svg = s("svg", { class: "mark", viewBox: "0 0 14 14", width: size, height: size });
  if (quiet) svg.setAttribute("aria-hidden", "true");
  else {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", VERDICTS[verdict] ?? VERDICTS.untested);
  }
  svg.append(...shape(SHAPES[verdict]));
  return svg;
}

function shape(kind) {
  const blue = tone("agrees");
  const orange = tone("disagrees");
  if (kind === "disc") return [s("circle", { cx: 7, cy: 7, r: 5.5, fill: blue })];
  if (kind === "half") {
    return [s("circle", { cx: 7, cy: 7, r: 4.9, fill: "none", stroke: blue, "stroke-width": 1.3 }), s("path", { d: "M7 1.5a5.5 5.5 0 0 0 0 11z", fill: blue })];
  }
  if (kind === "cross") {
    return [s("rect", { x: 2, y: 2, width: 10, height: 10, rx: 1.5, fill: "none", stroke: orange, "stroke-width": 1.4 }),
      s("path", { d: "M4.7 4.7l4.6 4.6M9.3 4.7l-4.6 4.6", stroke: orange, "stroke-width": 1.5 })];
  }
  return [s("line", { x1: 4, x2: 10, y1: 7, y2: 7, stroke: tone("ink-3"), "stroke-width": 1.4 })];
}

/** A number that opens its receipt. */
export function number(text, receipt, context, { className = "" } = {}) {
  const node = h("button", { class: `number ${className}`, type: "button", title: `Where this comes from: ${receipt}` }, text);
  node.addEventListener("click", () => context.openReceipt(receipt, node));
  return node;
}

export function link(text, go, attributes = {}) {
  return h("button", { class: "button", type: "button", onclick: go, ...attributes }, text);
}

/** An address that came with the data, as a link only if it is one. */
export function address(url, words) {
  return /^https?:\/\//.test(url ?? "") ? h("a", { href: url, rel: "noreferrer noopener", target: "_blank" }, words) : h("span", {}, words);
}

/** Work on the server: begun, followed by asking how far it is, stopped. */
export class Work {
  constructor(api) {
    this.api = api;
  }

  /** The finished job; `step(job)` is called on the way. Raises an Error with the server's message. */
  async run(path, content, step = () => {}) {
    this.stopping = false;
    let job = await this.api.postJson(path, content);
    this.token = job.job;
    step(job);
    while (job.state === "waiting" || job.state === "running") {
      await new Promise((done) => setTimeout(done, EVERY_MS));
      if (this.dropped) return job;
      job = await this.api.getJson(`api/jobs/${this.token}`);
      step(job);
    }
    this.token = null;
    if (job.state === "failed") throw new Error(job.error);
    return job;
  }

  get busy() {
    return Boolean(this.token);
  }

  async stop() {
    this.stopping = true;
    if (this.token) await this.api.postJson(`api/jobs/${this.token}/stop`, {});
  }

  /** The view closes: stop, and ask no more. */
  drop() {
    this.dropped = true;
    if (this.token) this.api.postJson(`api/jobs/${this.token}/stop`, {}).catch(() => {});
  }
}

/** A bar of progress with words beside it. */
export class Progress {
  constructor(label) {
    this.fill = h("i", {});
    this.bar = h("div", { class: "progress", role: "progressbar", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100 }, this.fill);
    this.words = h("p", { class: "second" });
    this.node = h("div", { class: "job", hidden: true }, this.words, this.bar);
  }

  show(done, total, words) {
    this.node.hidden = false;
    const share = total ? (100 * done) / total : 0;
    this.fill.style.width = `${share}%`;
    this.bar.setAttribute("aria-valuenow", share.toFixed(0));
    say(this.words, words);
  }

  hide() {
    this.node.hidden = true;
  }
}

/** The table behind a chart, closed at first. */
export function numbers(caption, heads, rows) {
  return h("details", { class: "numbers" }, h("summary", {}, "Show numbers"),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
      h("table", {}, h("caption", { class: "visually-hidden" }, caption),
        h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))),
        h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((cell, i) => (i ? h("td", {}, cell) : h("th", { scope: "row" }, cell)))))))));
}

/** Words in which what stands between backticks is a command. */
export function coded(words) {
  return words.split("`").map((part, i) => (i % 2 ? h("code", {}, part) : part));
}

/** One message where a thing would be. */
export function instead(...words) {
  return h("p", { class: "nothing" }, ...words.flatMap((w) => (typeof w === "string" ? coded(w) : [w])));
}

/** The items of the Export menu of a view: `figures()` -> [{title, svg}], `rows()` -> [heads, ...rows], `wanted()` -> a request. */
export function exportsOf({ name, title, context, figures, rows, wanted, protocol = true }) {
  const items = [
    { label: "Figures as PNG", run: () => savePng(name, title(), figures(), context) },
    { label: "Figures as SVG", run: () => save(`ketamind-${name}.svg`, "image/svg+xml", drawing(title(), figures(), context)) },
  ];
  if (rows) items.push({ label: "Numbers as CSV", run: () => save(`ketamind-${name}.csv`, "text/csv", csv(rows())) });
  if (context.edition === "static") return items;
  const kinds = protocol ? [["toml", "Protocol as TOML"], ["py", "Python that reproduces it"]] : [["py", "Python that reproduces it"]];
  return [...items, ...kinds.map(([kind, label]) => ({ label, run: () => saveFrom(kind, name, wanted(), context) }))];
}

async function saveFrom(kind, name, wanted, context) {
  try {
    save(`ketamind-${name}.${kind}`, "text/plain", await context.api.postText(`api/export/${kind}`, wanted));
  } catch (problem) {
    context.status(problem.message);
  }
}

function save(name, type, content) {
  download(name, new Blob([content], { type }));
}

/** A table as CSV in which no text is taken for a formula. */
export function csv(rows) {
  const cell = (value) => {
    const text = typeof value === "number" ? String(Number(value.toPrecision(6))) : String(value ?? "");
    const safe = typeof value !== "number" && /^[=+\-@|\t]/.test(text) && !/^[-+]?[\d.]+$/.test(text) ? `'${text}` : text;
    return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return `${rows.map((row) => row.map(cell).join(",")).join("\n")}\n`;
}

const GAP = 16;

/** All figures of a view one below the other, with styles written in, so that the drawing stands alone. */
export function drawing(title, figures, context) {
  const shown = figures.filter((f) => f.svg);
  const width = Math.max(520, ...shown.map((f) => sizeOf(f.svg).width)) + 2 * GAP;
  const root = s("svg", { xmlns: "http://www.w3.org/2000/svg", "font-family": "Helvetica, Arial, sans-serif" });
  const ground = s("rect", { x: 0, y: 0, width, fill: context.theme.colour("surface") });
  const write = (x, y, words, size, colour) => s("text", { x, y, "font-size": size, fill: context.theme.colour(colour) }, words);
  root.append(ground, write(GAP, 28, title, 15, "ink"));
  let y = 44;
  for (const figure of shown) {
    const size = sizeOf(figure.svg);
    const copy = styled(figure.svg);
    for (const [k, v] of Object.entries({ x: GAP, y: y + 20, width: size.width, height: size.height })) copy.setAttribute(k, v);
    root.append(write(GAP, y + 12, figure.title, 12, "ink"), copy);
    y += size.height + 20 + GAP;
  }
  root.append(write(GAP, y + 14, RESEARCH, 11, "ink-3"));
  for (const node of [root, ground]) node.setAttribute("height", y + 28);
  root.setAttribute("width", width);
  root.setAttribute("viewBox", `0 0 ${width} ${y + 28}`);
  return new XMLSerializer().serializeToString(root);
}

function sizeOf(svg) {
  const box = svg.viewBox.baseVal;
  return { width: Number(svg.getAttribute("width")) || box.width, height: Number(svg.getAttribute("height")) || box.height };
}

const KEPT = ["stop-color", "stop-opacity", "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity", "font-size", "font-weight", "text-anchor", "paint-order"];

function styled(svg) {
  const copy = svg.cloneNode(true);
  if (!svg.isConnected) return copy;
  const [from, to] = [svg.querySelectorAll("*"), copy.querySelectorAll("*")];
  from.forEach((node, i) => {
    const computed = getComputedStyle(node);
    if (computed.display === "none" && !node.closest("defs")) to[i].dataset.hidden = "";
    for (const name of KEPT) {
      const value = computed.getPropertyValue(name);
      if (value && value !== "normal") to[i].setAttribute(name, value);
    }
    for (const name of ["class", "style"]) to[i].removeAttribute(name);
  });
  copy.querySelectorAll("[data-hidden]").forEach((node) => node.remove());
  return copy;
}

async function savePng(name, title, figures, context) {
  const image = new Image();
  const source = URL.createObjectURL(new Blob([drawing(title, figures, context)], { type: "image/svg+xml" }));
  await new Promise((done, failed) => {
    image.onload = done;
    image.onerror = failed;
    image.src = source;
  });
  const canvas = h("canvas", { width: image.width * 2, height: image.height * 2 });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(source);
  canvas.toBlob((blob) => download(`ketamind-${name}.png`, blob), "image/png");
}

/** Roving choice among buttons: arrows move, like one control. */
export function roving(container, selector) {
  container.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step || !event.target.matches(selector)) return;
    const all = [...container.querySelectorAll(selector)];
    const next = all[all.indexOf(event.target) + step];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  });
}
