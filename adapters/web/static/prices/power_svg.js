/* Net power as planned now and under the draft, with the band of busy and calm days. */

import { setAttribute } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { marks } from "./scale.js";
import { axes, bandPath, shape, stepPath } from "./svg.js";

const [LEFT, TOP, BOTTOM] = [64, 10, 28];
const HEIGHT = 240;
const LABEL_PX = 84;

/** Draw an answer of the preview into an <svg> as wide as its parent. */
export function drawPower(svg, answer) {
  const width = Math.max(svg.parentElement.clientWidth, 280);
  const steps = answer.starts.map((text, i) => ({ start: Date.parse(text), end: Date.parse(text) + answer.step_h[i] * 3600e3, i }));
  const curve = (series) => steps.map(({ start, end, i }) => ({ start, end, value: series[i] }));
  const band = ({ low, high }) => steps.map(({ start, end, i }) => ({ start, end, low: low[i], high: high[i] }));
  const all = [answer.before_kw, answer.after_kw].flatMap(({ low, high }) => [...low, ...high]);
  const [low, high] = [Math.min(0, ...all), Math.max(...all, 1)];
  const [from, to] = [steps[0].start, steps.at(-1).end];
  const x = (at) => LEFT + ((at - from) / (to - from)) * (width - LEFT - 2);
  const y = (value) => TOP + ((high - value) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const hour = 3600e3 * Math.ceil((LABEL_PX / ((width - LEFT) / (to - from))) / 3600e3);
  const first = Math.ceil(from / hour) * hour;
  const instants = Array.from({ length: Math.floor((to - first) / hour) + 1 }, (_, i) => first + i * hour).filter((at) => at < to - hour / 3);
  for (const [name, value] of Object.entries({ width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}` })) setAttribute(svg, name, value);
  svg.replaceChildren(
    ...steps.filter(({ i }) => answer.in_window[i] > 0).map(({ start, end }) => shape("rect", { class: "window", x: x(start), y: TOP, width: x(end) - x(start), height: HEIGHT - TOP - BOTTOM })),
    ...axes({ values: marks(low, high), instants, x, y, width, height: HEIGHT, left: LEFT, textOf: (value) => format.number(value), clockOf: (at) => format.clock(new Date(at)) }),
    shape("path", { class: "band", d: bandPath(band(answer.after_kw), x, y) }),
    shape("path", { class: "steps before", d: stepPath(curve(answer.before_kw.expected), x, y) }),
    shape("path", { class: "steps after", d: stepPath(curve(answer.after_kw.expected), x, y) }),
  );
}
