/**
 * A run as it travelled (see page/tables.py): quantities at `hours`, in layers `middle`, `low`, `high`.
 * Everything that is drawn at a moment is read from here, so that moving time asks nobody.
 */
export class Table {
  constructor(header, values) {
    this.header = header;
    this.last = header.last_h;
    this.points = header.points;
    this.hours = Float64Array.from(header.times_h);
    this.index = new Map(header.names.map((name, i) => [name, i]));
    this.layers = new Map(header.layers.map((layer, i) => [layer, values.subarray(i * this.#size, (i + 1) * this.#size)]));
    this.cache = new Map();
  }

  get #size() {
    return this.header.names.length * this.header.points;
  }

  static decode(buffer) {
    const length = new DataView(buffer).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    const values = header.levels ? fromLevels(header, new Uint16Array(buffer, 4 + length)) : new Float32Array(buffer, 4 + length);
    return new Table(header, values);
  }

  /** Between two runs at the same times: a straight line, value by value. */
  static between(a, b, share) {
    const layers = a.header.layers.map((layer) => {
      const [x, y] = [a.layers.get(layer), b.layers.get(layer)];
      return x.map((v, i) => v + (y[i] - v) * share);
    });
    const values = new Float32Array(layers.length * layers[0].length);
    layers.forEach((layer, i) => values.set(layer, i * layer.length));
    return new Table({ ...a.header, between: true }, values);
  }

  has(name) {
    return this.index.has(name);
  }

  get banded() {
    return this.layers.has("low");
  }

  /** Take over the band of a second answer for the same run. */
  addBand(other) {
    this.layers.set("low", other.layers.get("low")).set("high", other.layers.get("high"));
    this.patients = other.header.patients;
  }

  /** All values of a quantity in a layer, one a point; undefined if there is no such layer. */
  series(name, layer = "middle") {
    const i = this.index.get(name);
    const values = this.layers.get(layer);
    return values && i !== undefined ? values.subarray(i * this.points, (i + 1) * this.points) : undefined;
  }

  /** The value at a time, between its two neighbours. */
  at(name, t, layer = "middle") {
    const series = this.series(name, layer);
    if (!series) return undefined;
    const i = this.#before(t);
    const share = Math.min(1, Math.max(0, (t - this.hours[i]) / (this.hours[i + 1] - this.hours[i])));
    return series[i] + (series[i + 1] - series[i]) * share;
  }

  /** The last point at or before a time that has one after it. */
  #before(t) {
    let [low, high] = [0, this.points - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.hours[middle] <= t) low = middle;
      else high = middle;
    }
    return low;
  }

  /** True if another run has the same times. */
  sameTimes(other) {
    return this.points === other.points && this.hours.every((t, i) => t === other.hours[i]);
  }

  /** The value before the dose. */
  before(name) {
    return this.series(name)?.[0];
  }

  /** Over its value before: 1 is unchanged. */
  relative(name, t) {
    const before = this.before(name);
    return before ? this.at(name, t) / before : 1;
  }

  /** Peak of a series: {value, t}; `sign` -1 looks for the lowest. */
  peak(name, sign = 1) {
    const key = `${name}${sign}`;
    if (!this.cache.has(key)) {
      const series = this.series(name);
      let best = 0;
      for (let i = 1; i < series.length; i++) if (sign * series[i] > sign * series[best]) best = i;
      this.cache.set(key, { value: series[best], t: this.hours[best] });
    }
    return this.cache.get(key);
  }
}

/** Values of the static edition: sixteen bits each, every quantity on its own scale. */
function fromLevels({ names, points, levels: { least, step } }, levels) {
  return Float32Array.from(levels, (level, i) => {
    const quantity = Math.floor(i / points) % names.length;
    return least[quantity] + step[quantity] * level;
  });
}
