/* What comes next: prices and limits that change, cars that leave. */

import { byId, element, keepList, setHidden, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { t } from "../shell/i18n.js";
import { isShort } from "../shell/meaning.js";
import { planIndexAt } from "../shell/series.js";

const MOST = 4;
const SAME_PRICE = 5e-3;

export function showNext({ state, plan }) {
  const now = new Date(state.now);
  const events = [...leaving(state, now), ...(plan ? changes(plan, now) : [])].sort((a, b) => a.at - b.at).slice(0, MOST);
  setHidden(byId("next-empty"), events.length > 0);
  keepList(byId("next"), events, ({ key }) => key, create, ({ time, text }, event) => {
    setText(time, format.when(event.at, now));
    setText(text, event.text);
  });
}

function leaving(state, now) {
  return state.evses
    .filter(({ session }) => session?.departure && new Date(session.departure) > now)
    .map((evse) => ({
      key: `leaves ${evse.evse_id}`,
      at: new Date(evse.session.departure),
      text: t(isShort(evse) ? "next_leaves_short" : "next_leaves", evse.evse_id),
    }));
}

/** The next change of the price and of the limit that the plan knows of. */
function changes(plan, now) {
  const { import_price_per_kwh: price, import_limit_kw: limit } = plan;
  return [
    change(plan, now, price, (a, b) => Math.abs(a - b) < SAME_PRICE, (value) => t("next_price", format.price(value))),
    change(plan, now, limit, (a, b) => a === b, (value) => (value === null ? t("next_no_limit") : t("next_limit", format.kw(value)))),
  ].filter(Boolean);
}

function change(plan, now, values, same, say) {
  const from = planIndexAt(plan, now);
  const next = values.findIndex((value, i) => i > from && !same(value, values[from]));
  return next < 0 ? null : { key: say(values[next]), at: new Date(plan.starts[next]), text: say(values[next]) };
}

function create() {
  const [time, text] = [element("time"), element("span")];
  return { node: element("li", {}, time, text), time, text };
}
