/** How numbers are written: two or three significant digits, real minus, band in brackets. */

export const MINUS = "−";

/** `figure(0.4123)` is "0.41"; `figure(207.2)` is "207". */
export function figure(value, digits = 2) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "unknown";
  const size = Math.abs(value);
  if (size < 1e-9) return "0";
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  const shown = size >= 100 ? value.toFixed(0) : value.toFixed(Math.min(decimals, 4));
  return minus(Number(shown) === 0 ? "0" : shown);
}

/** With a sign always: "+25", "−14", "0". */
export function signed(value, decimals = 0) {
  const shown = Number(value.toFixed(decimals));
  return shown > 0 ? `+${shown.toFixed(decimals)}` : minus(Object.is(shown, -0) || shown === 0 ? "0" : shown.toFixed(decimals));
}

/** Real minus in place of the hyphen. */
export function minus(text) {
  return text.replace("-", MINUS);
}

/** A value with its band: "−16 (−21 to −11)"; without one, the value. */
export function banded(value, low, high, decimals = 0) {
  const show = (v) => signed(v, decimals);
  return low === undefined || low === null ? show(value) : `${show(value)} (${show(low)} to ${show(high)})`;
}

export function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}
