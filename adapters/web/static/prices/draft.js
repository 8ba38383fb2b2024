/* What somebody is about to publish: today's values hour by hour, and those that were changed. */

const HOUR_MS = 3600e3;
const MOST_HOURS = 48;

/* By kind: the plan's series, and how an hour's value comes from its steps; limits hold whole hours, so the least counts. */
const SERIES = {
  PRICE: ({ import_price_per_kwh: series }) => series,
  EXPORT_PRICE: ({ export_price_per_kwh: series }) => series,
  IMPORT_CAPACITY_LIMIT: ({ import_limit_kw: series }) => series,
};

export const KINDS = Object.keys(SERIES);

let kind = KINDS[0];
let hours = [];
let facts = null;
const changed = new Map();
let heard = () => {};

/** `onChange` is called whenever a value or the kind has changed. */
export function onDraft(onChange) {
  heard = onChange;
}

/** The draft as it is: kind, the bounds and unit of its values, and its hours {start, end, today, low, high, value} (ms, value null:
    none; from low to high today's lies eight times in ten). */
export const draft = () => ({ kind, facts, hours });

/** Follow the plan: what is today's may have changed, and hours pass. Returns whether anything did. */
export function restate({ site, plan, state }) {
  const before = JSON.stringify([kind, hours]);
  facts = site.signals.find((signal) => signal.kind === kind);
  const series = SERIES[kind](plan);
  const [low, high] = kind === "PRICE" ? [plan.import_price_low_per_kwh, plan.import_price_high_per_kwh] : [series, series];
  const steps = plan.starts.map((text, i) => ({ start: Date.parse(text), end: Date.parse(text) + plan.step_h[i] * HOUR_MS, value: series[i], low: low[i], high: high[i] }));
  const first = Math.ceil(Math.max(Date.parse(state.now), steps[0].start) / HOUR_MS) * HOUR_MS;
  const n = Math.min(MOST_HOURS, Math.floor((steps.at(-1).end - first) / HOUR_MS + 1e-6));
  hours = Array.from({ length: Math.max(n, 0) }, (_, i) => {
    const [start, end] = [first + i * HOUR_MS, first + (i + 1) * HOUR_MS];
    const today = valueIn(steps, start, end);
    const band = { low: valueIn(steps, start, end, "low"), high: valueIn(steps, start, end, "high") };
    return { start, end, today, ...band, value: changed.get(start) ?? today };
  });
  for (const start of changed.keys()) if (start < first) changed.delete(start);
  return JSON.stringify([kind, hours]) !== before;
}

function valueIn(steps, start, end, of = "value") {
  const inside = steps.filter((step) => step.start < end && step.end > start);
  if (kind === "IMPORT_CAPACITY_LIMIT") {
    const told = inside.map((step) => step[of]).filter((value) => value !== null);
    return told.length ? Math.min(...told) : null;
  }
  const weighed = inside.map((step) => [Math.min(step.end, end) - Math.max(step.start, start), step[of]]);
  return weighed.reduce((sum, [ms, value]) => sum + ms * value, 0) / weighed.reduce((sum, [ms]) => sum + ms, 0);
}

export function choose(next) {
  kind = next;
  changed.clear();
  heard();
}

/** Give some hours (indices) a value, or today's again where it is null. */
export function give(indices, value) {
  for (const i of indices) {
    const hour = hours[i];
    if (value === null) changed.delete(hour.start);
    else changed.set(hour.start, Math.min(Math.max(value, facts.values.least), facts.values.most));
    hour.value = changed.get(hour.start) ?? hour.today;
  }
  heard();
}

export function reset() {
  changed.clear();
  for (const hour of hours) hour.value = hour.today;
  heard();
}

/** What differs from today as intervals (ms), neighbours of one value as one. */
export function changes() {
  const told = [];
  for (const { start, end, today, value } of hours) {
    if (!changed.has(start) || value === today) continue;
    const last = told.at(-1);
    if (last && last.end === start && last.value === value) last.end = end;
    else told.push({ start, end, value });
  }
  return told;
}

/** What differs as the API takes it, null where nothing does. */
export function form(reason = "") {
  const intervals = changes().map(({ start, end, value }) => ({ start: new Date(start).toISOString(), end: new Date(end).toISOString(), value }));
  return intervals.length ? { kind, source: "dashboard", reason, intervals } : null;
}
