/* The result in a sentence, and its figures. */

import { byId, element, keepList, setClass, setHidden, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { t } from "../shell/i18n.js";

/** What national rules ask of public stations, as a share of a year's energy. */
const VALLEY_TARGET = 0.6;

export function showFigures({ total, rows }) {
  setText(byId("results-span"), total ? t("span", { from: period(rows[0]), to: period(rows.at(-1)), days: total.days }) : "");
  setText(byId("results-sentence"), total ? sentence(total) : t("results_empty"));
  setHidden(byId("results-plots"), !total);
  keepList(byId("figures"), total ? figures(total) : [], ({ name }) => name, create, update);
}

/** The first day of a period, in the reader's format; the site's days are dates, not instants. */
export const period = ({ start }) => format.date(start);

function sentence(total) {
  const share = total.uncontrolled.cost > 0 ? total.saved / total.uncontrolled.cost : 0;
  const key = total.saved >= 0 ? "sentence_saved" : "sentence_lost";
  return t(key, { money: format.money(Math.abs(total.saved)), share: format.percent(Math.abs(share)) });
}

function figures(total) {
  const { actual, uncontrolled } = total;
  return [
    { name: "saved", text: format.money(total.saved, 0), note: t("saved_note", { actual: format.money(actual.cost, 0), uncontrolled: format.money(uncontrolled.cost, 0) }) },
    valley(total),
    { name: "v2g", text: format.kwh(total.discharged_kwh), note: t("v2g_note", format.kwh(total.charged_kwh)) },
    { name: "peak", text: format.kw(actual.peak_kw), note: t("peak_note", format.kw(uncontrolled.peak_kw)) },
    carbon(total),
    { name: "wear", text: format.money(total.wear_cost), note: t("wear_note") },
    promises(total),
  ];
}

function valley({ valley_share: share }) {
  if (share === null) return { name: "valley_share", text: "–", note: t("valley_unknown") };
  const met = share >= VALLEY_TARGET;
  return { name: "valley_share", text: format.percent(share), note: t(met ? "valley_met" : "valley_missed", format.percent(VALLEY_TARGET)), tone: met ? "good" : "warn" };
}

function carbon({ actual: { carbon_kg: own }, uncontrolled: { carbon_kg: other } }) {
  if (own === null) return { name: "carbon", text: "–", note: t("carbon_unknown") };
  return { name: "carbon", text: format.amount(own, "kg"), note: t("carbon_note", format.amount(other, "kg")) };
}

function promises({ kept, asked, kept_share: share, visits }) {
  if (share === null) return { name: "kept", text: "–", note: t("kept_unknown", visits) };
  return { name: "kept", text: format.percent(share, share < 1 ? 1 : 0), note: t("kept_note", { kept, asked, visits }), tone: share < 0.95 ? "warn" : "" };
}

function create({ name }) {
  const [label, value, note] = [element("span", { class: "tile-label" }), element("strong"), element("small")];
  return { node: element("li", { class: `figure ${name}` }, label, value, note), label, value, note };
}

function update(figure, { name, text, note, tone = "" }) {
  setText(figure.label, t(`figure_${name}`));
  setText(figure.value, text);
  setText(figure.note, note);
  setClass(figure.note, tone);
}
