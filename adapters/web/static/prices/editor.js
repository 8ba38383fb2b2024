/* Steps that can be dragged: one an hour, by pointer or by keyboard. */

import { byId, setAttribute } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { t } from "../shell/i18n.js";
import { draft, give } from "./draft.js";
import { inSteps, marks, round } from "./scale.js";
import { signalValue } from "./signals.js";
import { axes, bandPath, shape, stepPath } from "./svg.js";

const HEIGHT = 248;
const [LEFT, TOP, BOTTOM] = [64, 14, 34];
const COARSE_PX = 44;
const FINE_PX = 18;
const GRAINS = 100;
const LABEL_PX = 64;

let svg = null;
let focused = 0;
let dragged = null;
let drawn = null;

export function onEditor() {
  svg = byId("editor");
  svg.addEventListener("pointerdown", begin);
  svg.addEventListener("pointermove", (event) => dragged !== null && follow(event));
  for (const name of ["pointerup", "pointercancel"]) svg.addEventListener(name, () => { dragged = null; });
  svg.addEventListener("keydown", steer);
  svg.addEventListener("focusin", ({ target }) => { focused = Number(target.dataset.hour ?? focused); });
  new ResizeObserver(() => drawn && showEditor()).observe(byId("editor-frame"));
}

/** Draw the draft. The scale stays while a step is dragged. */
export function showEditor() {
  const { hours, kind, facts } = draft();
  if (!hours.length) {
    svg.replaceChildren();
    return;
  }
  focused = Math.min(focused, hours.length - 1);
  const least = matchMedia("(pointer: coarse)").matches ? COARSE_PX : FINE_PX;
  const width = Math.max(byId("editor-frame").clientWidth, LEFT + least * hours.length);
  const span = dragged === null || !drawn ? spanOf(hours, facts) : drawn.span;
  const x = (at) => LEFT + ((at - hours[0].start) / (hours.at(-1).end - hours[0].start)) * (width - LEFT - 2);
  const y = (value) => TOP + ((span.high - (value ?? span.high)) / (span.high - span.low)) * (HEIGHT - TOP - BOTTOM);
  drawn = { span, width, grain: round((span.high - span.low) / GRAINS) };
  const every = Math.ceil(LABEL_PX / ((width - LEFT) / hours.length));
  const tone = facts.unit === "kW" ? "limit" : "price";
  const curve = (name) => hours.map(({ start, end, [name]: value }) => ({ start, end, value }));
  const withFocus = svg.contains(document.activeElement);
  for (const [name, value] of Object.entries({ width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}` })) setAttribute(svg, name, value);
  svg.replaceChildren(
    ...axes({ values: marks(span.low, span.high), instants: hours.filter((_, i) => i % every === 0).map(({ start }) => start), x, y, width, height: HEIGHT, left: LEFT, textOf: (value) => format.number(value, digits(span)), clockOf: (at) => format.clock(new Date(at)) }),
    ...hours.filter(({ low, high }) => low < high).map((hour) => shape("path", { class: `band ${tone}`, d: bandPath([hour], x, y) })),
    shape("path", { class: "steps before", d: stepPath(curve("today"), x, y) }),
    shape("path", { class: `steps ${tone}`, d: stepPath(curve("value"), x, y) }),
    ...hours.map((hour, i) => handle(hour, i, { x, y, span, kind, tone })),
  );
  if (withFocus) svg.querySelector(`[data-hour="${focused}"]`)?.focus({ preventScroll: true });
}

function spanOf(hours, { values, unit }) {
  const told = hours.flatMap(({ today, high, value }) => [today, high, value]).filter((value) => value !== null);
  const [low, high] = [Math.min(0, ...told), Math.max(...told, 1e-3)];
  const room = unit === "kW" ? 1.05 : 2.2;
  const most = Math.min(Math.max(high * room, unit === "kW" && !told.length ? values.most : 0), values.most);
  return { low: low < 0 ? low * 1.2 : 0, high: round(most / 10) * Math.ceil(most / round(most / 10)) };
}

const digits = ({ high, low }) => Math.max(0, 1 - Math.floor(Math.log10((high - low) / 4)));

function handle({ start, end, today, value }, i, { x, y, span, kind, tone }) {
  const [left, right] = [x(start), x(end)];
  const label = t("hour_label", { from: format.when(new Date(start), new Date(draft().hours[0].start)), to: format.clock(new Date(end)) });
  const text = value === null ? t("no_limit") : signalValue(kind, value);
  const said = value === today || today === null ? text : t("hour_value", { value: text, today: signalValue(kind, today) });
  const group = shape("g", {
    class: `hour ${value === today ? "" : "changed"} ${tone}`,
    role: "slider",
    tabindex: i === focused ? 0 : -1,
    "data-hour": i,
    "aria-orientation": "vertical",
    "aria-label": label,
    "aria-valuemin": span.low,
    "aria-valuemax": span.high,
    "aria-valuenow": value ?? span.high,
    "aria-valuetext": said,
  });
  group.append(
    shape("rect", { class: "column", x: left, y: 0, width: right - left, height: HEIGHT - BOTTOM + 4 }),
    shape("line", { class: "grip", x1: left + 2, x2: right - 2, y1: y(value), y2: y(value) }),
    shape("title", {}, `${label}: ${said}`),
  );
  return group;
}

function begin(event) {
  const hour = event.target.closest("[data-hour]");
  if (!hour || event.button > 0) return;
  event.preventDefault();
  svg.setPointerCapture(event.pointerId);
  focused = dragged = Number(hour.dataset.hour);
  follow(event);
  svg.querySelector(`[data-hour="${focused}"]`)?.focus({ preventScroll: true });
}

/** Give the hours between where the pointer was and where it is the value at its height. */
function follow(event) {
  const { hours } = draft();
  const box = svg.getBoundingClientRect();
  const at = ((event.clientX - box.left - LEFT) / (drawn.width - LEFT - 2)) * hours.length;
  const now = Math.min(Math.max(Math.floor(at), 0), hours.length - 1);
  const { low, high } = drawn.span;
  const value = high - ((event.clientY - box.top - TOP) / (HEIGHT - TOP - BOTTOM)) * (high - low);
  const [from, to] = [Math.min(dragged, now), Math.max(dragged, now)];
  dragged = focused = now;
  give(Array.from({ length: to - from + 1 }, (_, i) => from + i), inSteps(Math.min(Math.max(value, low), high), drawn.grain));
}

function steer(event) {
  const { hours } = draft();
  const last = hours.length - 1;
  const go = { ArrowLeft: focused - 1, ArrowRight: focused + 1, Home: 0, End: last }[event.key];
  const by = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
  if (go !== undefined) {
    focused = Math.min(Math.max(go, 0), last);
    showEditor();
    svg.querySelector(`[data-hour="${focused}"]`).focus();
  } else if (by !== undefined) {
    give([focused], inSteps((hours[focused].value ?? drawn.span.high) + by * drawn.grain, drawn.grain));
  } else if (event.key === "Delete" || event.key === "Backspace") {
    give([focused], null);
  } else {
    return;
  }
  event.preventDefault();
}
