/* How the forecasts did, day by day: skill over the baseline, and how much came within the band. */

import { byId, fillTable, setHidden } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { t } from "../shell/i18n.js";
import { baseLayout, draw, palette } from "../shell/plotly.js";
import { signalName } from "./models.js";

const STYLES = [
  { color: "building", dash: "solid", symbol: "circle" },
  { color: "pv", dash: "5px,4px", symbol: "diamond" },
  { color: "price", dash: "2px,3px", symbol: "square" },
  { color: "charging", dash: "8px,3px", symbol: "triangle-up" },
];
const MEANT = 0.8;

export function showDays({ told: { scores } }) {
  setHidden(byId("days-empty"), scores.length > 0);
  setHidden(byId("days-plot"), scores.length === 0);
  const rows = scores.map(({ signal, day, n, skill, coverage80 }) => [format.date(day), signalName(signal), skill === null ? "–" : format.percent(skill), format.percent(coverage80), format.number(n)]);
  fillTable(byId("days-table"), [t("column_day"), t("column_signal"), t("column_skill"), t("column_coverage"), t("column_n")], rows.reverse());
  if (scores.length) drawPlot(scores);
}

function drawPlot(scores) {
  const plot = byId("days-plot");
  const { small, ink, axis, layout } = baseLayout(plot);
  const colors = palette(STYLES.map(({ color }) => color));
  const days = [...new Set(scores.map(({ day }) => day))];
  const signals = [...new Set(scores.map(({ signal }) => signal))];
  const every = Math.ceil(days.length / (small ? 4 : 10));
  const ticks = days.filter((_, i) => (days.length - 1 - i) % every === 0);
  const across = (y, where) => ({ type: "line", xref: "paper", x0: 0, x1: 1, yref: where, y0: y, y1: y, line: { color: ink, width: 1, dash: "2px,3px" } });
  draw(plot, signals.flatMap((signal, i) => traces(scores, signal, STYLES[i % STYLES.length], colors)), {
    ...layout,
    height: 320,
    showlegend: true,
    legend: { orientation: "h", x: 0, y: 1.12, font: { size: 13 } },
    margin: { ...layout.margin, t: 34 },
    xaxis: { ...axis, type: "category", categoryorder: "array", categoryarray: days, tickmode: "array", tickvals: ticks, ticktext: ticks.map(format.date), anchor: "y2", tickangle: 0 },
    yaxis: { ...axis, domain: [0.56, 1], title: { text: `${t("column_skill")}, %`, standoff: 4 }, nticks: 5 },
    yaxis2: { ...axis, domain: [0, 0.42], title: { text: `${t("column_coverage")}, %`, standoff: 4 }, nticks: 4, range: [40, 105] },
    shapes: [across(0, "y"), across(100 * MEANT, "y2")],
  });
}

function traces(scores, signal, { color, dash, symbol }, colors) {
  const own = scores.filter((score) => score.signal === signal);
  const line = (of, more) => ({
    type: "scatter",
    mode: "lines+markers",
    x: own.map(({ day }) => day),
    y: own.map(of),
    line: { color: colors[color], width: 2, dash },
    marker: { color: colors[color], symbol, size: 6 },
    hoverinfo: "none",
    name: signalName(signal),
    ...more,
  });
  return [
    line(({ skill }) => (skill === null ? null : 100 * skill), {}),
    line(({ coverage80 }) => 100 * coverage80, { yaxis: "y2", showlegend: false }),
  ];
}
