/** Explore taken along: picture and curves as PNG and SVG, numbers as CSV, the protocol as TOML, the Python behind it. */
import { download, s } from "./dom.js";

const RESEARCH = "For research and teaching. Not medical advice: do not choose a treatment or a dose from this.";
const MARGIN = 12;
const SCALE = 2;

/** The items of the Export menu. */
export function exportsOf(view) {
  const items = [
    { label: "Picture and curves as PNG", run: () => savePng(view) },
    { label: "Picture and curves as SVG", run: () => save("ketamind-explore.svg", "image/svg+xml", svgText(view)) },
  ];
  const wanted = { csv: "Numbers as CSV", toml: "Protocol as TOML", py: "Python that reproduces it" };
  if (view.context.edition === "static") return items;
  return [...items, ...Object.entries(wanted).map(([kind, label]) => ({ label, run: () => saveFile(view, kind) }))];
}

async function saveFile(view, kind) {
  const text = await view.context.api.postText(`api/export/${kind}`, { view: "explore", asked: view.context.asked() });
  save(`ketamind.${kind}`, "text/plain", text);
}

function save(name, type, content) {
  download(name, new Blob([content], { type }));
}

/** One drawing of picture and curves, with styles written in, so that it stands alone. */
export function svgText(view) {
  const picture = view.picture;
  const [width, height] = [804, 576];
  const charts = [...view.curvesNode.querySelectorAll(".curve")];
  const side = 360;
  const root = s("svg", { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${width + side + 3 * MARGIN} ${height + 90}`, width: width + side + 3 * MARGIN, height: height + 90, "font-family": "Helvetica, Arial, sans-serif" });
  root.append(s("rect", { width: "100%", height: "100%", fill: view.context.theme.colour("surface") }));
  root.append(text(view, MARGIN, 26, view.sentence.node.innerText.replace(/\s+/g, " "), 15, "ink"));
  root.append(text(view, MARGIN, 46, `${view.strip.clock.textContent}: ${view.strip.now.textContent}`, 13, "ink-2"));
  const art = styled(picture.svg);
  set(art, { x: MARGIN, y: 56, width, height, viewBox: "0 0 804 576" });
  root.append(art);
  const dots = s("image", { x: MARGIN, y: 56, width, height, href: picture.canvas.toDataURL("image/png") });
  if (!picture.zoomed) root.append(dots);
  let y = 62;
  for (const chart of charts) {
    const svg = styled(chart.querySelector("svg.chart"));
    root.append(text(view, width + 2 * MARGIN, y + 8, chart.querySelector(".title").textContent, 12, "ink"));
    set(svg, { x: width + 2 * MARGIN, y: y + 10, width: side });
    root.append(svg);
    y += Number(svg.getAttribute("height")) + 12;
  }
  root.append(text(view, MARGIN, height + 78, RESEARCH, 11, "ink-3"));
  return new XMLSerializer().serializeToString(root);
}

function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
}

function text(view, x, y, words, size, colour) {
  return s("text", { x, y, "font-size": size, fill: view.context.theme.colour(colour) }, words);
}

const KEPT = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity", "font-size", "font-weight", "display", "paint-order"];

/** A copy whose computed styles are attributes. */
function styled(svg) {
  const copy = svg.cloneNode(true);
  const [from, to] = [svg.querySelectorAll("*"), copy.querySelectorAll("*")];
  from.forEach((node, i) => {
    const computed = getComputedStyle(node);
    for (const name of KEPT) {
      const value = computed.getPropertyValue(name);
      if (value && value !== "normal" && !(name === "display" && value !== "none")) to[i].setAttribute(name, value.replace(/url\("?[^#]*#/, "url(#").replace(/"\)/, ")"));
    }
    to[i].removeAttribute("class");
    to[i].removeAttribute("style");
  });
  return copy;
}

async function savePng(view) {
  const image = new Image();
  const source = URL.createObjectURL(new Blob([svgText(view)], { type: "image/svg+xml" }));
  await new Promise((done, failed) => {
    image.onload = done;
    image.onerror = failed;
    image.src = source;
  });
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width * SCALE, image.height * SCALE];
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(source);
  canvas.toBlob((blob) => download("ketamind-explore.png", blob), "image/png");
}
