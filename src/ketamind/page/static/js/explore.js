/** Explore: what does this dose do, when, through what? */
import { h } from "./dom.js";

let chart;

export async function mount(element, context) {
  const table = await context.api.run(context.asked());
  const box = h("div", {});
  element.append(box);
  const x = Array.from({ length: table.points }, (_, i) => context.time.fromU(i / (table.points - 1), table.last));
  chart = context.lineChart(box, {
    height: 240, x: { kind: "time", last: table.last }, y: { min: 0, max: 40 }, t: context.state.get("t"), name: "MADRS",
    series: [{ label: "MADRS", colour: "mood", width: 2, x, y: table.series("madrs") }],
  });
}

export function unmount() {
  chart?.destroy();
}
