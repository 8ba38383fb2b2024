/* The draft as a table of numbers: any value, without dragging. */

import { byId, element, keepList, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { t } from "../shell/i18n.js";
import { draft, give } from "./draft.js";
import { signalValue } from "./signals.js";

export function showStepsTable() {
  const { hours, kind, facts } = draft();
  byId("steps-head").replaceChildren(...[t("col_hour"), t("col_today"), t("col_new", facts.unit)].map((text) => element("th", { scope: "col" }, text)));
  keepList(byId("steps-rows"), hours, ({ start }) => start, create, (row, hour) => update(row, hour, kind));
}

function create({ start }) {
  const [name, today] = [element("th", { scope: "row" }), element("td")];
  const input = element("input", { type: "text", inputmode: "decimal" });
  input.addEventListener("change", () => {
    const i = draft().hours.findIndex((hour) => hour.start === start);
    const value = Number(input.value.trim().replace(",", ".") || NaN);
    if (i >= 0) give([i], Number.isFinite(value) ? value : null);
  });
  return { node: element("tr", {}, name, today, element("td", {}, input)), name, today, input };
}

function update({ name, today, input }, hour, kind) {
  const at = format.when(new Date(hour.start), new Date(draft().hours[0].start));
  setText(name, at);
  setText(today, hour.today === null ? t("no_limit") : signalValue(kind, hour.today));
  input.setAttribute("aria-label", t("new_value_at", at));
  const text = hour.value === null ? "" : String(Number(hour.value.toPrecision(6)));
  if (input.value !== text && document.activeElement !== input) input.value = text;
}
