/* How each signal's model does, and whether it is the one that speaks. */

import { byId, element, keepList, setClass, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { has, t } from "../shell/i18n.js";

/** A band meant to hold 80 % of what comes is fair within these. */
const FAIR = { least: 0.72, most: 0.9 };

export const signalName = (signal) => (has(`signal_${signal}`) ? t(`signal_${signal}`) : signal);

export function showModels({ told }) {
  setText(byId("forecasts-sentence"), sentence(told.standings));
  const said = told.said ? [{ signal: "", said: told.said }] : [];
  keepList(byId("models"), [...told.standings, ...said], ({ signal }) => signal, create, update);
}

function sentence(standings) {
  const scored = standings.filter(({ n }) => n > 0);
  if (!scored.length) return t("sentence_new");
  const lost = scored.filter(({ model_in_use: used }) => !used);
  if (lost.length) return t("sentence_lost", lost.map(({ signal }) => signalName(signal)));
  const off = scored.filter(({ coverage80: share }) => share < FAIR.least || share > FAIR.most);
  return off.length ? t("sentence_off", off.map(({ signal }) => signalName(signal))) : t("sentence_good");
}

function create() {
  const [name, status, skill, coverage] = [element("h2"), element("span", { class: "status" }), element("p"), element("p")];
  return { node: element("li", { class: "card model" }, element("div", { class: "card-head" }, name, status), skill, coverage), name, status, skill, coverage };
}

function update(card, { signal, said, n, coverage80, skill, model_in_use: used }) {
  setText(card.name, said ? t("models_said") : signalName(signal));
  setText(card.status, said ? "" : n ? t(used ? "model_used" : "model_lost") : t("model_unscored"));
  setClass(card.status, said ? "" : `status ${n ? (used ? "good" : "warn") : ""}`);
  if (said) {
    setText(card.skill, has(`said_${said}`) ? t(`said_${said}`) : said);
    return;
  }
  setText(card.skill, n ? t(skill >= 0 ? "skill_better" : "skill_worse", format.percent(Math.abs(skill))) : t("not_scored"));
  setText(card.coverage, n ? t("coverage", { share: format.percent(coverage80), n: format.number(n) }) : "");
}
