/* All figures of all periods, the newest first. */

import { byId, fillTable } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { t } from "../shell/i18n.js";
import { period } from "./figures.js";

const orDash = (value, text) => (value === null ? "–" : text(value));
const COLUMNS = {
  charged: (row) => format.kwh(row.charged_kwh),
  valley_share: (row) => orDash(row.valley_share, format.percent),
  v2g: (row) => format.kwh(row.discharged_kwh),
  cost: (row) => format.money(row.actual.cost),
  uncontrolled: (row) => format.money(row.uncontrolled.cost),
  wear: (row) => format.money(row.wear_cost),
  saved: (row) => format.money(row.saved),
  peak: (row) => format.kw(row.actual.peak_kw),
  carbon: (row) => orDash(row.actual.carbon_kg, (kg) => format.amount(kg, "kg")),
  kept: (row) => (row.asked ? `${row.kept} / ${row.asked}` : "–"),
};

export function showTable({ rows }) {
  const head = [t("column_period"), ...Object.keys(COLUMNS).map((name) => t(`column_${name}`))];
  const body = [...rows].reverse().map((row) => [period(row), ...Object.values(COLUMNS).map((text) => text(row))]);
  fillTable(byId("results-table"), head, body);
}
