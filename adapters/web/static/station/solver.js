/* How the plan was made, and how the daemon's parts are. */

import { byId, element, fillTable, keepList, setClass, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { has, t } from "../shell/i18n.js";
import { PROTOCOLS } from "../shell/meaning.js";

export function showParts({ state }) {
  keepList(byId("parts"), state.health.parts, (part) => part.name, () => ({ node: element("li") }), ({ node }, part) => {
    setClass(node, part.condition);
    setText(node, `${t("part_names")[part.name] ?? PROTOCOLS[part.name] ?? part.name}: ${t(`condition_${part.condition}`)}`);
  });
}

export function showSolver({ state, plan }) {
  if (!plan) {
    setText(byId("solver-sentence"), t("no_plan"));
    return;
  }
  setText(byId("solver-sentence"), t(`rung_sentence_${plan.rung}`));
  const facts = [
    ["rung", t(`rung_${plan.rung}`)],
    ...(plan.reason ? [["because", plan.reason]] : []),
    ["planner", t(`planner_${plan.planner}`)],
    ["gap", plan.gap_frac === null ? t("gap_none") : format.percent(plan.gap_frac, 2)],
    ["solve_time", format.seconds(plan.solve_s)],
    ["horizon", format.duration(3600 * plan.step_h.reduce((sum, h) => sum + h, 0))],
    ["made", `${format.when(new Date(plan.made_at), new Date(state.now))} · ${t("tick")} ${plan.tick}`],
    ...(plan.notes.length ? [["forecast", plan.notes.join("; ")]] : []),
  ];
  keepList(byId("solver-facts"), facts, ([name]) => name, createFact, (fact, [name, text]) => {
    setText(fact.label, t(name));
    setText(fact.value, text);
  });
  const rows = plan.terms.map(({ name, tier, value, unit }) => [termName(name), t(`tier_${tier}`), `${format.number(value, 2)} ${unit}`]);
  fillTable(byId("solver-terms"), [t("term"), t("tier"), t("value")], rows);
}

const termName = (name) => (has(`term_${name}`) ? t(`term_${name}`) : name.replaceAll("_", " "));

function createFact() {
  const label = element("dt");
  const value = element("dd");
  return { node: element("div", {}, label, value), label, value };
}
