/* Parts of drawings. */

const NAMESPACE = "http://www.w3.org/2000/svg";

export function shape(tag, attributes = {}, ...children) {
  const node = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** The path of steps [{start, end, value}]; where one does not join the next, it breaks off. */
export function stepPath(steps, x, y) {
  const parts = steps.map(({ start, end, value }, i) => {
    const joins = i > 0 && steps[i - 1].end === start;
    return `${joins ? "L" : "M"}${x(start).toFixed(1)} ${y(value).toFixed(1)}H${x(end).toFixed(1)}`;
  });
  return parts.join("");
}

/** The outline between two curves of the same steps [{start, end, low, high}]. */
export function bandPath(steps, x, y) {
  if (!steps.length) return "";
  const there = steps.map(({ start, end, high }) => `${x(start).toFixed(1)} ${y(high).toFixed(1)}H${x(end).toFixed(1)}`);
  const back = steps.toReversed().map(({ start, end, low }) => `${x(end).toFixed(1)} ${y(low).toFixed(1)}H${x(start).toFixed(1)}`);
  return `M${[...there, ...back].join("L")}Z`;
}

/** Horizontal lines with labels at the left, and instants below. */
export function axes({ values, instants, x, y, width, height, left, textOf, clockOf }) {
  return [
    ...values.map((value) => shape("line", { class: "grid", x1: left, x2: width, y1: y(value), y2: y(value) })),
    ...values.map((value) => shape("text", { class: "mark", x: left - 8, y: y(value) + 4, "text-anchor": "end" }, textOf(value))),
    ...instants.map((at) => shape("text", { class: "mark", x: x(at), y: height - 6, "text-anchor": "middle" }, clockOf(at))),
  ];
}
