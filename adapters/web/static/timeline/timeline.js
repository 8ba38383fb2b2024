/* The timeline: measured left of now, planned right of it, on one axis with the price below. */

import { byId, element, fillTable, keepList, setClass, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { t } from "../shell/i18n.js";
import { alpha, baseLayout, draw, palette } from "../shell/plotly.js";
import { measuredSeries, plannedSeries, valuesAt } from "../shell/series.js";
import { timeTicks } from "../shell/timeticks.js";
import { shades } from "./shades.js";

const AREAS = [
  { of: "building", color: "building", group: "up" },
  { of: "assets_in", color: "assets", group: "up", pattern: "-" },
  { of: "charging", color: "charging", group: "up" },
  { of: "battery_in", color: "battery", group: "up", pattern: "." },
  { of: "pv_out", color: "pv", group: "down" },
  { of: "giving_out", color: "giving", group: "down", pattern: "/" },
  { of: "battery_out", color: "battery", group: "down", pattern: "." },
  { of: "assets_out", color: "assets", group: "down", pattern: "-" },
];
const READOUT = ["import", "limit", "charging", "giving", "building", "assets", "pv", "battery", "price"];
const COLORS = ["charging", "giving", "pv", "battery", "building", "assets", "price", "limit", "ink"];
const QUARTER_MS = 900e3;
const SOLID = 0.82;
const LIGHT = 0.36;

let shown = null;
let live = null;
let readoutNames = [];
let pointedAt = null;

export function showTimeline({ site, state, plan, history, signals }, hours) {
  const now = new Date(state.now);
  shown = {
    site,
    now,
    hours,
    events: shades(signals),
    past: measuredSeries(history, site.battery_ids.length > 0),
    future: plan ? plannedSeries(plan, now, site.battery_ids, site.asset_ids) : null,
  };
  showNumbers({ site, state });
  drawPlot();
}

/** Bring the row of numbers above the plot up to the second. */
export function showNumbers({ site, state }) {
  live = {
    import: state.site_power_kw?.value,
    limit: state.import_limit_kw,
    charging: state.charge_kw,
    giving: state.discharge_kw,
    building: state.load_kw?.value,
    pv: state.pv_kw?.value,
    battery: state.battery_kw,
    assets: state.asset_kw,
    price: state.import_price_per_kwh,
  };
  const present = { assets: site.asset_ids.length > 0, battery: site.battery_ids.length > 0, pv: site.pv_peak_kw > 0 };
  readoutNames = READOUT.filter((name) => present[name] ?? true);
  showReadout();
}

/** The same as tables: what is planned, and what was measured, by quarter-hours. */
export function showTables({ state, plan, site, history }) {
  const now = new Date(state.now);
  const head = [t("table_time"), ...readoutNames.map((name) => t(name))];
  const row = (series, i) => [format.when(new Date(series.at[i]), now), ...readoutNames.map((name) => valueText(name, series[name][i]))];
  if (plan) {
    const p = plannedSeries(plan, now, site.battery_ids, site.asset_ids);
    fillTable(byId("plan-table"), head, p.at.slice(0, -1).map((_, i) => row(p, i)));
  }
  const m = measuredSeries(history, site.battery_ids.length > 0);
  const quarter = (i) => Math.floor(m.at[i] / QUARTER_MS);
  const shownRows = m.at.map((_, i) => i).filter((i) => i === 0 || quarter(i) !== quarter(i - 1));
  fillTable(byId("past-table"), head, shownRows.reverse().map((i) => row(m, i)));
}

function valueText(name, value) {
  if (value === null || value === undefined) return "–";
  return name === "price" ? format.price(value) : format.kw(value);
}

/** The row of numbers above the plot: at the pointed instant, else now. */
function showReadout() {
  let [values, time] = [live, t("now")];
  if (pointedAt !== null) {
    const { past, future, now } = shown;
    const planned = future && pointedAt > +now;
    values = valuesAt(planned ? future : past, pointedAt) ?? {};
    time = `${format.when(new Date(pointedAt), now)}, ${t(planned ? "planned" : "measured")}`;
  }
  const items = [{ name: "time", text: time }, ...readoutNames.map((name) => ({ name, text: valueText(name, values[name]) }))];
  keepList(byId("readout"), items, (item) => item.name, createItem, updateItem);
}

function createItem({ name }) {
  const label = element("dt");
  const value = element("dd");
  return { node: element("div", { class: `item ${name}` }, label, value), label, value };
}

function updateItem(item, { name, text }) {
  setClass(item.node, `item ${name}`);
  setText(item.label, name === "time" ? "" : t(name));
  setText(item.value, text);
}

function drawPlot() {
  const plot = byId("plot");
  if (!draw(plot, traces(), layout(plot))) return;
  plot.on("plotly_hover", ({ points }) => point(Number(new Date(points[0].x))));
  plot.on("plotly_unhover", () => point(null));
}

function point(instant) {
  pointedAt = instant;
  showReadout();
}

function traces() {
  const colors = palette(COLORS);
  const { past, future } = shown;
  const list = [];
  const halves = [["past", past, SOLID], ...(future ? [["future", future, LIGHT]] : [])];
  for (const [when, series, opacity] of halves) {
    const shape = when === "past" ? "linear" : "hv";
    for (const area of AREAS) list.push(areaTrace(area, when, series, shape, opacity, colors[area.color]));
  }
  for (const [when, series] of halves) {
    const shape = when === "past" ? "linear" : "hv";
    const ahead = when === "future";
    if (ahead) list.push(...bandTraces(series, "import", alpha(colors.ink, 0.28)));
    list.push(lineTrace(series, "import", { color: colors.ink, width: 1.8, shape, dash: ahead ? "4px,3px" : "solid" }));
    list.push(lineTrace(series, "limit", { color: colors.limit, width: 1.6, shape: "hv" }));
    const fill = { fill: "tozeroy", fillcolor: alpha(colors.price, ahead ? 0.08 : 0.16) };
    list.push({ ...lineTrace(series, "price", { color: colors.price, width: 2, shape: "hv" }), yaxis: "y2", ...fill });
    if (ahead) list.push(...bandTraces(series, "price", alpha(colors.price, 0.22)).map((trace) => ({ ...trace, yaxis: "y2" })));
  }
  return list;
}

/** Between the outer deciles, of power with little and with much load in the building: eight times in ten it is within. */
function bandTraces(series, of, color) {
  const edge = (side) => lineTrace(series, `${of}_${side}`, { width: 0, shape: "hv" });
  return [edge("low"), { ...edge("high"), fill: "tonexty", fillcolor: color }];
}

function areaTrace({ of, group, pattern }, when, series, shape, opacity, color) {
  const trace = {
    type: "scatter",
    mode: "lines",
    x: series.at,
    y: series[of],
    stackgroup: `${when} ${group}`,
    line: { width: 0, shape },
    fillcolor: alpha(color, opacity),
    hoverinfo: "none",
    name: of,
  };
  if (pattern) trace.fillpattern = { shape: pattern, fgcolor: alpha(color, 1), bgcolor: alpha(color, opacity * 0.7), size: 6, solidity: 0.25 };
  return trace;
}

const lineTrace = (series, of, line) => ({ type: "scatter", mode: "lines", x: series.at, y: series[of], line, hoverinfo: "none", name: of });

function layout(plot) {
  const { small, ink, axis, layout: base } = baseLayout(plot);
  const { now, hours } = shown;
  const range = [+now - hours * 3600e3, +now + hours * 3600e3];
  return {
    ...base,
    height: small ? 380 : 460,
    hovermode: "x",
    hoverdistance: -1,
    xaxis: { ...axis, type: "date", range, ...timeTicks(range, small ? 5 : 10), anchor: "y2", showspikes: true, spikemode: "across", spikethickness: 1, spikedash: "solid", spikecolor: axis.zerolinecolor, spikesnap: "cursor", showgrid: true, zeroline: false },
    yaxis: { ...axis, domain: [0.3, 1], title: { text: t("kw_axis"), standoff: 4 }, nticks: 7 },
    yaxis2: { ...axis, domain: [0, 0.2], title: { text: priceUnit(), standoff: 4 }, nticks: 3, rangemode: "tozero" },
    shapes: [...eventShapes(range, axis.zerolinecolor), { type: "line", xref: "x", yref: "paper", x0: +now, x1: +now, y0: 0, y1: 1, line: { color: ink, width: 1.5, dash: "2px,3px" } }],
    annotations: [
      label(+now, 1, `${t("now")} ${format.clock(now)}`, { xanchor: "center", yanchor: "bottom", font: { color: ink } }),
      ...eventLabels(range, small),
      label(range[0], 1, t("measured"), { xanchor: "left", yanchor: "bottom" }),
      label(range[1], 1, t("planned"), { xanchor: "right", yanchor: "bottom" }),
    ],
  };
}

function eventShapes(range, color) {
  return within(range).map(({ start, end }) => ({ type: "rect", xref: "x", yref: "paper", x0: start, x1: end, y0: 0.3, y1: 1, fillcolor: alpha(color, 0.12), line: { width: 0 }, layer: "below" }));
}

function eventLabels([from], small) {
  if (small) return [];
  return within([from, Infinity]).map(({ start, text }, i) => label(Math.max(start, from), 0.98 - 0.05 * (i % 3), text, { xanchor: "left", yanchor: "top", font: { size: 12 } }));
}

const within = ([from, to]) => shown.events.filter(({ start, end }) => end > from && start < to);

const label = (x, y, text, style) => ({ x, y, xref: "x", yref: "paper", text, showarrow: false, ...style });

const priceUnit = () => `${format.currencySymbol()}/kWh`;
