/**
 * The server's doors, or, in the static edition, the files that stand in for them.
 * Every problem is an Error whose message can be shown as it is.
 */
import { Table } from "./table.js";

export class Problem extends Error {}

export class Api {
  constructor() {
    this.onLost = () => {};
    this.onBack = () => {};
  }

  async getJson(path, options = {}) {
    return (await this.#ask(path, options)).json();
  }

  async postJson(path, content, options = {}) {
    return (await this.#post(path, content, options)).json();
  }

  async postText(path, content, options = {}) {
    return (await this.#post(path, content, options)).text();
  }

  /** A run of the typical patient. */
  async run(asked, options = {}) {
    return Table.decode(await (await this.#post("api/run", asked, options)).arrayBuffer());
  }

  /** The band of a run. */
  async band(asked, options = {}) {
    return Table.decode(await (await this.#post("api/band", asked, options)).arrayBuffer());
  }

  /** Send bytes, such as a dropped file. */
  async postBytes(path, bytes, type, options = {}) {
    return (await this.#ask(path, { method: "POST", body: bytes, headers: { "Content-Type": type }, ...options })).json();
  }

  #post(path, content, options) {
    const headers = { "Content-Type": "application/json" };
    return this.#ask(path, { method: "POST", body: JSON.stringify(content), headers, ...options });
  }

  async #ask(path, options) {
    let response;
    try {
      response = await fetch(path, options);
    } catch (problem) {
      if (problem.name === "AbortError") throw problem;
      this.onLost();
      throw new Problem("The server does not answer. Start it again with `ketamind page`.");
    }
    this.onBack();
    if (!response.ok) throw new Problem(await messageOf(response));
    return response;
  }
}

async function messageOf(response) {
  try {
    return (await response.json()).error ?? response.statusText;
  } catch {
    return `The server answered ${response.status}.`;
  }
}

/**
 * Only the newest question is asked, one at a time: older ones that wait are dropped.
 * `const newest = onlyNewest(ask); newest(question)`; `ask` is an async function.
 */
export function onlyNewest(ask) {
  let busy = false;
  let waiting = null;
  const next = async (question) => {
    if (busy) {
      waiting = { question };
      return;
    }
    busy = true;
    try {
      await ask(question);
    } finally {
      busy = false;
      if (waiting) {
        const { question: newest } = waiting;
        waiting = null;
        next(newest);
      }
    }
  };
  return next;
}
