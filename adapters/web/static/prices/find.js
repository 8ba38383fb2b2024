/* Find the price that shaves a peak. */

import { change } from "../shell/api.js";
import { byId, element, setHidden, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { t } from "../shell/i18n.js";
import { choose, draft, give } from "./draft.js";

let found = null;
let refusal = "";

export function onFind() {
  byId("find").addEventListener("submit", (event) => {
    event.preventDefault();
    find();
  });
  byId("find-take").addEventListener("click", take);
}

/** Fill the choices of hours; what was chosen stays while it is there. */
export function showFind() {
  const { hours } = draft();
  if (!hours.length) return;
  const options = (edge) => hours.map((hour) => [String(hour[edge]), format.when(new Date(hour[edge]), new Date(hours[0].start))]);
  fill(byId("find-from"), options("start"), 0);
  fill(byId("find-to"), options("end"), Math.min(1, hours.length - 1));
  setText(byId("find-most-label"), t("find_most", `${format.currencySymbol()}/kWh`));
  showFound();
}

function fill(select, options, first) {
  const chosen = select.value;
  if ([...select.options].map(({ value, text }) => value + text).join() === options.map(([value, text]) => value + text).join()) return;
  select.replaceChildren(...options.map(([value, text]) => element("option", { value }, text)));
  select.value = options.some(([value]) => value === chosen) ? chosen : options[first][0];
}

async function find() {
  const read = (id) => Number(byId(id).value.trim().replace(",", ".") || NaN);
  const body = {
    start: new Date(Number(byId("find-from").value)).toISOString(),
    end: new Date(Number(byId("find-to").value)).toISOString(),
    target_kw: read("find-target"),
    most_per_kwh: read("find-most"),
  };
  found = null;
  refusal = Number.isFinite(body.target_kw) && Number.isFinite(body.most_per_kwh) ? "" : t("find_numbers");
  if (refusal) {
    showFound();
    return;
  }
  byId("find-submit").disabled = true;
  setText(byId("find-answer"), t("find_working"));
  try {
    found = { ...body, ...(await change("POST", "signals/preview/price", body)) };
  } catch (error) {
    refusal = error.message;
  }
  byId("find-submit").disabled = false;
  showFound();
}

function showFound() {
  setText(byId("find-error"), refusal);
  setHidden(byId("find-error"), !refusal);
  setHidden(byId("find-take"), !found || found.price_per_kwh === null);
  setText(byId("find-answer"), found ? sentence(found) : "");
}

function sentence({ price_per_kwh: price, target_kw: target, most_per_kwh: most, preview }) {
  const peak = format.kw(preview.window_peak_after_kw);
  const was = format.kw(preview.window_peak_before_kw);
  if (price === null) return t("found_none", { most: format.price(most), peak, target: format.kw(target), was });
  return t("found", { price: format.price(price), peak, was, drivers: preview.drivers.length });
}

/** Put the price found into the draft. */
function take() {
  if (draft().kind !== "PRICE") choose("PRICE");
  const [from, to] = [Date.parse(found.start), Date.parse(found.end)];
  const inside = draft().hours.flatMap(({ start, end }, i) => (start >= from && end <= to ? [i] : []));
  give(inside, found.price_per_kwh);
}
