/* The response surface: what each price would do in each hour alone, as a table one can choose from. */

import { change, get } from "../shell/api.js";
import { byId, element, setAttribute, setHidden, setStyle, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { t } from "../shell/i18n.js";
import { choose, draft, give } from "./draft.js";

const ASK_MS = 400;
const HOURS = 24;
const FACTORS = [0.5, 1.5, 2, 3, 5];

let job = null;
let surface = null;
let refusal = "";

export function onSurface() {
  byId("surface-begin").addEventListener("click", begin);
  byId("surface-cancel").addEventListener("click", () => job && change("DELETE", `signals/preview/surface/${job.job_id}`));
}

/** The levels asked about: shares and multiples of the mean price, two digits each. */
function levels({ plan }) {
  const mean = plan.import_price_per_kwh.reduce((sum, price) => sum + price, 0) / plan.import_price_per_kwh.length;
  return FACTORS.map((factor) => Number((factor * Math.max(Math.abs(mean), 0.01)).toPrecision(2)));
}

let view = null;

export function showSurface(current) {
  view = current;
  setHidden(byId("surface-begin"), job !== null);
  setHidden(byId("surface-running"), job === null);
  setText(byId("surface-error"), refusal);
  setHidden(byId("surface-error"), !refusal);
  setHidden(byId("surface-told"), !surface);
  if (job) {
    setAttribute(byId("surface-progress"), "value", job.done_frac);
    setText(byId("surface-share"), format.percent(job.done_frac));
  }
}

async function begin() {
  refusal = "";
  const hours = Math.min(HOURS, draft().hours.length);
  try {
    job = await change("POST", "signals/preview/surface", { prices: levels(view), hours, start: new Date(draft().hours[0].start).toISOString() });
    while (job.state === "running") {
      showSurface(view);
      await new Promise((wake) => { setTimeout(wake, ASK_MS); });
      job = await get(`signals/preview/surface/${job.job_id}`);
    }
    if (job.state === "done") surface = job.surface;
    if (job.state === "failed") refusal = job.why;
  } catch (error) {
    refusal = error.message;
  }
  job = null;
  showSurface(view);
  showTable();
}

/** Fill the table again, in another language. */
export function showTable() {
  if (!surface) return;
  const { starts, prices, before_kw: before, power_kw: power } = surface;
  const most = Math.max(...power.flatMap((row, i) => row.map((kw) => Math.abs(kw - before[i]))), 1);
  const head = [t("col_from"), t("col_now"), ...prices.map((price) => format.price(price))];
  const rows = starts.map((start, i) => {
    const at = format.when(new Date(start), new Date(starts[0]));
    const cells = power[i].map((kw, j) => element("td", {}, cell(at, kw - before[i], Math.abs(kw - before[i]) / most, () => take(start, prices[j]), prices[j])));
    return element("tr", {}, element("th", { scope: "row" }, at), element("td", {}, format.kw(before[i])), ...cells);
  });
  byId("surface-table").replaceChildren(
    element("thead", {}, element("tr", {}, ...head.map((text) => element("th", { scope: "col" }, text)))),
    element("tbody", {}, ...rows),
  );
}

function cell(at, change_kw, share, act, price) {
  const sign = change_kw > 0 ? "+" : "";
  const text = `${sign}${format.kw(change_kw, 0)}`;
  const button = element("button", { type: "button", class: change_kw < 0 ? "less" : "more", "aria-label": t("surface_take", { at, price: format.price(price), change: text }) }, text);
  setStyle(button, "--share", `${(100 * share).toFixed(0)}%`);
  button.addEventListener("click", act);
  return button;
}

/** Put one cell's price into the draft. */
function take(start, price) {
  if (draft().kind !== "PRICE") choose("PRICE");
  const i = draft().hours.findIndex((hour) => hour.start === Date.parse(start));
  if (i >= 0) give([i], price);
}
