/* Small step charts. */

const NAMESPACE = "http://www.w3.org/2000/svg";

/** Draw curves [{intervals: [{start, end, value}], kind}] (instants in ms) into an <svg>, over their common range. */
export function drawSteps(svg, curves) {
  const { width, height } = svg.viewBox.baseVal;
  const all = curves.flatMap((curve) => curve.intervals);
  if (!all.length) {
    svg.replaceChildren();
    return;
  }
  const from = Math.min(...all.map(({ start }) => start));
  const to = Math.max(...all.map(({ end }) => end));
  const low = Math.min(0, ...all.map(({ value }) => value));
  const high = Math.max(...all.map(({ value }) => value), low + 1e-9);
  const x = (at) => ((at - from) / (to - from)) * width;
  const y = (value) => height - 4 - ((value - low) / (high - low)) * (height - 10);
  const line = ({ intervals, kind }) => {
    const path = document.createElementNS(NAMESPACE, "path");
    const steps = intervals.map(({ start, end, value }, i) => {
      const joins = i > 0 && intervals[i - 1].end === start;
      return `${joins ? "L" : "M"}${x(start).toFixed(1)} ${y(value).toFixed(1)}H${x(end).toFixed(1)}`;
    });
    path.setAttribute("d", steps.join(""));
    path.setAttribute("class", `steps ${kind}`);
    return path;
  };
  svg.replaceChildren(...curves.filter(({ intervals }) => intervals.length).map(line));
}

/** The signal's intervals with instants in ms. */
export const inMs = (intervals) => intervals.map(({ start, end, value }) => ({ start: Date.parse(start), end: Date.parse(end), value }));
