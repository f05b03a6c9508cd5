/**
 * The static edition's answers: files beside the page, made by `ketamind page --static`.
 * Between two computed doses each quantity goes in a straight line over the logarithm of the dose.
 */
import { Problem } from "./api.js";
import { Table } from "./table.js";

const ELSEWHERE = "Any other setting is computed by `ketamind page` on your own machine.";

export class StaticApi {
  constructor() {
    this.onLost = () => {};
    this.onBack = () => {};
    this.files = new Map();
  }

  async getJson(path) {
    const name = path.replace(/^api\//, "");
    if (name.startsWith("receipts/")) throw new Problem(`Receipts need the model. ${ELSEWHERE}`);
    return (await this.#file(`${name}.json`)).json();
  }

  async postJson(path, asked) {
    const grid = await this.#grid(asked);
    const dose = String(Number(doseIn(asked.protocol).toPrecision(6)));
    if (path === "api/points") return grid?.points[dose] ?? { points: [] };
    if (path === "api/links" && grid) return grid.links;
    throw new Problem(`This needs the model. ${ELSEWHERE}`);
  }

  postText() {
    return Promise.reject(new Problem(`This needs the model. ${ELSEWHERE}`));
  }

  postBytes() {
    return this.postText();
  }

  async run(asked) {
    const { exact } = await this.#index();
    const file = exact[canonical(asked)];
    return file ? this.#table(file) : this.#between(asked);
  }

  /** The band came with the run. */
  band(asked) {
    return this.run(asked);
  }

  /** How far interpolated runs are from direct ones: {quantity: {max, median}}. */
  async error() {
    return (await this.#index()).error;
  }

  async #between(asked) {
    const grid = await this.#grid(asked);
    if (!grid) throw new Problem(`The static edition holds no run of this setting. ${ELSEWHERE}`);
    const dose = doseIn(asked.protocol);
    const { doses, files } = grid;
    const last = doses.length - 1;
    const i = Math.max(0, Math.min(last - 1, doses.findLastIndex((d) => d <= dose * 1.000001)));
    if (dose < doses[0] * 0.999 || dose > doses[last] * 1.001) throw new Problem(`The static edition holds ${doses[0]} to ${doses[last]} of this. ${ELSEWHERE}`);
    const share = last ? Math.log(dose / doses[i]) / Math.log(doses[i + 1] / doses[i]) : 0;
    const a = await this.#table(files[i]);
    if (share < 1e-6 || !last) return a;
    return Table.between(a, await this.#table(files[i + 1]), share);
  }

  async #grid(asked) {
    const { grids } = await this.#index();
    const { besides, rest } = partsOf(asked.protocol);
    return grids.find((g) => g.rest === rest && g.besides === besides && g.patient === asked.patient && g.days === asked.days && g.without.join() === [...asked.without].join());
  }

  async #index() {
    this.index ??= this.#file("index.json").then((r) => r.json());
    return this.index;
  }

  async #table(file) {
    if (!this.files.has(file)) this.files.set(file, this.#file(file).then((r) => r.arrayBuffer()));
    return Table.decode(await this.files.get(file));
  }

  async #file(name) {
    const response = await fetch(`data/${name}`);
    if (!response.ok) throw new Problem(`The file data/${name} is missing from this edition.`);
    return response;
  }
}

function partsOf(protocol) {
  const terms = protocol.split(" + ");
  const [, ...rest] = terms.pop().split(" ");
  return { besides: terms.join(" + "), rest: rest.join(" ") };
}

function doseIn(protocol) {
  return Number(protocol.split(" + ").pop().split(" ")[0]);
}

/** JSON with sorted keys, as the edition's index names exact runs. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(", ")}]`;
  if (value && typeof value === "object") return `{${Object.keys(value).sort().map((k) => `${JSON.stringify(k)}: ${canonical(value[k])}`).join(", ")}}`;
  return JSON.stringify(value);
}
