/* What was expected then, against what has come since. */

import { byId, fillTable, setHidden, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { t } from "../shell/i18n.js";
import { alpha, baseLayout, draw, palette } from "../shell/plotly.js";
import { timeTicks } from "../shell/timeticks.js";

const SIGNALS = [
  { name: "load", color: "building", axis: "y" },
  { name: "pv", color: "pv", axis: "y2" },
];

export function showCame({ site, made, history }) {
  setHidden(byId("came-empty"), made !== null);
  setHidden(byId("came-plot"), made === null);
  setText(byId("came-made"), made ? t("made_at", format.when(new Date(made.made_at), new Date())) : "");
  if (!made) {
    fillTable(byId("came-table"), [], []);
    return;
  }
  const signals = SIGNALS.filter(({ name }) => name === "load" || site.pv_peak_kw > 0);
  const until = Date.parse(history.at.at(-1) ?? made.made_at);
  const steps = made.starts.map((start, i) => ({ i, at: Date.parse(start) })).filter(({ at }) => at <= until);
  showTable(signals, made, history, steps);
  drawPlot(signals, made, history, steps, until);
}

function drawPlot(signals, made, history, steps, until) {
  const plot = byId("came-plot");
  const { small, axis, layout } = baseLayout(plot);
  const colors = palette(["building", "pv", "ink"]);
  const range = [Date.parse(made.made_at), Math.max(until, Date.parse(made.made_at) + 3600e3)];
  const both = signals.length > 1;
  draw(plot, signals.flatMap((signal) => traces(signal, made, history, steps, until, colors)), {
    ...layout,
    height: small ? 340 : 400,
    xaxis: { ...axis, type: "date", range, ...timeTicks(range, small ? 5 : 10), anchor: both ? "y2" : "y", zeroline: false },
    yaxis: { ...axis, domain: both ? [0.46, 1] : [0, 1], title: { text: `${t("signal_load")}, kW`, standoff: 4 }, nticks: 5, rangemode: "tozero" },
    ...(both && { yaxis2: { ...axis, domain: [0, 0.36], title: { text: `${t("signal_pv")}, kW`, standoff: 4 }, nticks: 4, rangemode: "tozero" } }),
  });
}

function traces({ name, color, axis }, made, history, steps, until, colors) {
  const x = [...steps.map(({ at }) => at), until];
  const closed = (values) => [...steps.map(({ i }) => values[i]), values[steps.at(-1)?.i ?? 0]];
  const line = (y, style, more = {}) => ({ type: "scatter", mode: "lines", x, y, yaxis: axis, hoverinfo: "none", line: { shape: "hv", width: 0, ...style }, ...more });
  const band = made[name];
  return [
    line(closed(band.low), {}),
    line(closed(band.high), {}, { fill: "tonexty", fillcolor: alpha(colors[color], 0.28) }),
    line(closed(band.median), { width: 1.6, color: colors[color], dash: "5px,4px" }),
    { ...line(history[`${name}_kw`], { width: 1.8, color: colors.ink, shape: "linear" }), x: history.at.map((at) => Date.parse(at)) },
  ];
}

function showTable(signals, made, history, steps) {
  const head = [t("table_time"), ...signals.flatMap(({ name }) => ["came", "expected", "low", "high"].map((what) => `${t(`signal_${name}`)}: ${t(what)}`))];
  const rows = steps.map(({ i, at }) => {
    const end = at + made.step_h[i] * 3600e3;
    const cells = signals.flatMap(({ name }) => [mean(history, `${name}_kw`, at, end), made[name].median[i], made[name].low[i], made[name].high[i]]);
    return [format.when(new Date(at), new Date()), ...cells.map((kw) => (kw === null ? "–" : format.kw(kw)))];
  });
  fillTable(byId("came-table"), head, rows);
}

/** The mean of what was measured from `start` to `end`, null where nothing was. */
function mean(history, of, start, end) {
  const values = history[of].filter((value, i) => value !== null && Date.parse(history.at[i]) >= start && Date.parse(history.at[i]) < end);
  return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
}
