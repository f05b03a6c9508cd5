/**
 * The state of the page: a flat set of named fields, kept in the address, so that a link restores it.
 *
 * A field is {default, read(text) -> value, write(value) -> text}. Views add theirs with `register`.
 */

export const text = (fallback) => ({ default: fallback, read: (t) => t, write: (v) => v });
export const number = (fallback, low = -Infinity, high = Infinity) => ({
  default: fallback,
  read: (t) => (t !== "" && Number.isFinite(Number(t)) ? Math.min(high, Math.max(low, Number(t))) : fallback),
  write: (v) => String(Number(v.toPrecision(6))),
});
/** A number that may be left out (null). */
export const optional = (low, high) => ({
  default: null,
  read: (t) => (t !== "" && Number.isFinite(Number(t)) ? Math.min(high, Math.max(low, Number(t))) : null),
  write: (v) => (v === null ? "" : String(v)),
});
export const list = (fallback = []) => ({
  default: fallback,
  read: (t) => (t ? t.split(",").filter((w) => /^[\w.-]{1,60}$/.test(w)).slice(0, 40) : []),
  write: (v) => v.join(","),
});

export class Store {
  constructor(fields = {}) {
    this.fields = {};
    this.values = {};
    this.listeners = new Set();
    this.register(fields);
  }

  /** Add fields; their values are read from the address. */
  register(fields) {
    Object.assign(this.fields, fields);
    const { params } = parseAddress(location.hash);
    for (const [name, field] of Object.entries(fields)) {
      this.values[name] = params.has(name) ? field.read(params.get(name)) : field.default;
    }
  }

  get(name) {
    return this.values[name];
  }

  /** Change fields and tell who listens. `quiet` leaves the address for the next change (while dragging). */
  set(patch, { quiet = false } = {}) {
    const changed = Object.keys(patch).filter((k) => !same(this.values[k], patch[k]));
    if (!changed.length) return;
    Object.assign(this.values, Object.fromEntries(changed.map((k) => [k, patch[k]])));
    if (!quiet) this.#writeSoon();
    for (const [keys, callback] of this.listeners) {
      if (!keys || changed.some((k) => keys.includes(k))) callback(this.values, changed);
    }
  }

  /** Call back when one of `keys` (null: any) changes; returns how to stop. */
  subscribe(keys, callback) {
    const entry = [keys, callback];
    this.listeners.add(entry);
    return () => this.listeners.delete(entry);
  }

  /** The address fragment of this state in a view: `#explore?dose=0.5`. Fields at their default are left out. */
  address(view = parseAddress(location.hash).view) {
    const params = new URLSearchParams();
    for (const [name, field] of Object.entries(this.fields)) {
      if (!same(this.values[name], field.default)) params.set(name, field.write(this.values[name]));
    }
    const query = params.toString();
    return query ? `#${view}?${query}` : `#${view}`;
  }

  /** Take over an address that was opened or gone back to. */
  readAddress() {
    const { params } = parseAddress(location.hash);
    const found = {};
    for (const [name, field] of Object.entries(this.fields)) {
      found[name] = params.has(name) ? field.read(params.get(name)) : field.default;
    }
    this.set(found, { quiet: true });
  }

  #writeSoon() {
    clearTimeout(this.pending);
    this.pending = setTimeout(() => history.replaceState(null, "", this.address()), 200);
  }
}

/** View and parameters of a fragment. */
export function parseAddress(hash) {
  const [view, query] = hash.replace(/^#/, "").split("?");
  return { view: view || "explore", params: new URLSearchParams(query ?? "") };
}

function same(a, b) {
  return Array.isArray(a) && Array.isArray(b) ? a.join() === b.join() : Object.is(a, b);
}
