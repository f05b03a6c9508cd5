/** Light and dark: follows the system, can be switched, is remembered. */
import { h } from "./dom.js";

const KEY = "ketamind-theme";

export class Theme {
  constructor() {
    this.system = matchMedia("(prefers-color-scheme: dark)");
    this.listeners = new Set();
    this.resolved = new Map();
    this.probe = h("span", { class: "visually-hidden", "aria-hidden": "true" });
    document.body.append(this.probe);
    this.system.addEventListener("change", () => this.#changed());
  }

  get dark() {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : this.system.matches;
  }

  toggle() {
    const next = this.dark ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try { localStorage.setItem(KEY, next); } catch { /* not remembered, but switched */ }
    this.#changed();
  }

  /** The colour behind a palette token now, as `rgb(...)`: for canvas and exports. */
  colour(token) {
    if (!this.resolved.has(token)) {
      this.probe.style.color = `var(--${token})`;
      this.resolved.set(token, getComputedStyle(this.probe).color);
    }
    return this.resolved.get(token);
  }

  /** Call back after each change; returns how to stop. */
  onChange(callback) {
    this.listeners.add(callback);
    return () => this.listeners.delete(callback);
  }

  #changed() {
    this.resolved.clear();
    for (const callback of this.listeners) callback(this);
  }
}
