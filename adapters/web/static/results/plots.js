/* Bars by period: cost beside that without control, energy by valley and other hours, given back below zero. */

import { byId } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { alpha, baseLayout, draw, palette } from "../shell/plotly.js";
import { period } from "./figures.js";

export function drawPlots({ rows }) {
  if (!rows.length) return;
  const colors = palette(["ink", "building", "charging", "giving"]);
  const x = rows.map(({ start }) => start);
  const texts = rows.map(period);
  const bars = (of, color, more = {}) => ({ type: "bar", x, y: rows.map(of), marker: { color, line: { width: 0 } }, hoverinfo: "none", ...more });
  const hatched = (color) => ({ color: alpha(color, 0.35), pattern: { shape: "/", fgcolor: color, size: 5, solidity: 0.3 } });
  plot("cost-plot", [
    bars((row) => row.actual.cost, colors.ink),
    bars((row) => row.uncontrolled.cost, colors.building, { marker: hatched(colors.building) }),
  ], { barmode: "group", texts, x, unit: format.currencySymbol() });
  plot("energy-plot", [
    bars((row) => row.valley_kwh ?? 0, colors.charging),
    bars((row) => row.charged_kwh - (row.valley_kwh ?? 0), colors.charging, { marker: { color: alpha(colors.charging, 0.35) } }),
    bars((row) => -row.discharged_kwh, colors.giving, { marker: hatched(colors.giving) }),
  ], { barmode: "relative", texts, x, unit: "kWh" });
}

function plot(id, traces, { barmode, texts, x, unit }) {
  const node = byId(id);
  const { small, axis, layout } = baseLayout(node);
  const spare = Math.max(6 - x.length, 0) / 2; // a single bar is not to be a wall
  const every = Math.ceil(x.length / (small ? 4 : 7));
  const shown = x.map((_, i) => i).filter((i) => (x.length - 1 - i) % every === 0);
  draw(node, traces, {
    ...layout,
    barmode,
    bargap: 0.28,
    bargroupgap: 0.08,
    height: 260,
    margin: { ...layout.margin, t: 12 },
    xaxis: { ...axis, type: "category", range: [-0.5 - spare, x.length - 0.5 + spare], showgrid: false, tickmode: "array", tickvals: shown.map((i) => x[i]), ticktext: shown.map((i) => texts[i]), tickangle: 0 },
    yaxis: { ...axis, title: { text: unit, standoff: 4 }, nticks: 6 },
  });
}
