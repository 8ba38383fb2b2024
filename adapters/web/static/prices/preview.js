/* What the station would do under the draft, beside what it does now: asked anew while the draft changes. */

import { change } from "../shell/api.js";
import { byId, element, fillTable, setClass, setHidden, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { has, t } from "../shell/i18n.js";
import { form } from "./draft.js";
import { drawPower } from "./power_svg.js";

const WAIT_MS = 200;
const ASK_AGAIN_MS = 10_000;
const LEAST_KWH = 0.1;
const LEAST_KW = 0.05;

let timer = 0;
let asking = null;
let asked = "";
let askedAt = -Infinity;
let told = null;
let heard = () => {};

/** `onTold` is called when the answer to the present draft comes or goes. */
export function onPreview(onTold) {
  heard = onTold;
  byId("response-retry").addEventListener("click", () => {
    asked = "";
    followDraft();
  });
  new ResizeObserver(() => told && drawPower(byId("response-chart"), told)).observe(byId("response-frame"));
}

/** The answer to the draft as it is, null while there is none. */
export const answered = () => told;

/** Ask about the draft if it is another one than before; the question before is given up. */
export function followDraft() {
  const wanted = JSON.stringify(form());
  if (wanted === asked) return;
  asked = wanted;
  clearTimeout(timer);
  asking?.abort();
  asking = null;
  if (wanted === "null") {
    show("empty");
    return;
  }
  show("loading");
  timer = setTimeout(ask, WAIT_MS);
}

/** Ask again about the same draft, for there is another plan; a fast clock brings one each second. */
export function followPlan() {
  if (told && performance.now() - askedAt > ASK_AGAIN_MS) ask();
}

async function ask() {
  askedAt = performance.now();
  const mine = new AbortController();
  asking = mine;
  try {
    const answer = await change("POST", "signals/preview", form(), { signal: mine.signal });
    if (asking !== mine) return;
    show("told", answer);
  } catch (error) {
    if (asking !== mine) return;
    setText(byId("response-why"), t("response_failed", error.message));
    show("failed");
  }
}

/** Show the answer again, in another language or colour scheme. */
export function showPreview() {
  if (told) show("told", told);
}

function show(state, answer = null) {
  told = answer;
  for (const name of ["empty", "loading", "failed"]) setHidden(byId(`response-${name}`), name !== state);
  const shown = state === "told" || (state === "loading" && byId("response-figures").children.length > 0);
  setHidden(byId("response-told"), !shown);
  setClass(byId("response-told"), state === "loading" ? "stale" : "");
  if (answer) tell(answer);
  heard();
}

function tell(answer) {
  byId("response-figures").replaceChildren(...figures(answer).map(([label, value, note]) => element("div", {}, element("dt", {}, label), element("dd", {}, element("strong", {}, value), element("span", {}, note)))));
  const warnings = warningsOf(answer);
  byId("response-warnings").replaceChildren(...warnings.map((text) => element("li", {}, text)));
  setHidden(byId("response-warnings"), !warnings.length);
  setText(byId("response-words"), words(answer));
  drawPower(byId("response-chart"), answer);
  tables(answer);
}

function figures(answer) {
  const signed = (value, text) => `${value > 0 ? "+" : ""}${text(value)}`;
  const [was, becomes] = [answer.window_peak_before_kw, answer.window_peak_after_kw].map((value) => format.kw(value));
  return [
    [t("fig_peak"), becomes, t("fig_was", was)],
    [t("fig_energy"), signed(answer.window_kwh, format.kwh), t("fig_moved", format.kwh(answer.moved_kwh))],
    [t("fig_rebound"), format.kwh(answer.rebound_kwh), t("fig_ahead", format.kwh(answer.ahead_kwh))],
    [t("fig_cost"), signed(answer.cost, format.money), t("fig_unanswered", signed(answer.cost_unanswered, format.money))],
    [t("fig_drivers"), String(answer.drivers.length), t("fig_consent")],
    [t("fig_elasticity"), answer.elasticity === null ? "–" : format.number(answer.elasticity, 2), t(answer.elasticity === null ? "fig_no_elasticity" : "fig_elasticity_note")],
  ];
}

function warningsOf(answer) {
  const told = [];
  if (answer.unmet_kwh >= LEAST_KWH) told.push(t("warn_unmet", format.kwh(answer.unmet_kwh)));
  if (answer.over_limit_kw >= LEAST_KW) told.push(t("warn_over", format.kw(answer.over_limit_kw)));
  return told;
}

/** The largest change down and up, so that the picture can be read without seeing it. */
function words({ starts, change_kw: { expected } }) {
  const at = (value) => format.when(new Date(starts[expected.indexOf(value)]), new Date(starts[0]));
  const [least, most] = [Math.min(...expected), Math.max(...expected)];
  const parts = [];
  if (least < -LEAST_KW) parts.push(t("effect_down", { power: format.kw(-least), at: at(least) }));
  if (most > LEAST_KW) parts.push(t("effect_up", { power: format.kw(most), at: at(most) }));
  return parts.length ? `${t("effect_power")} ${parts.join(t("comma"))}` : t("effect_nobody");
}

function tables({ starts, before_kw: before, after_kw: after, change_kw: change, costs, drivers }) {
  const instant = (text) => (text === null ? "–" : format.when(new Date(text), new Date(starts[0])));
  const rows = starts.map((start, i) => [instant(start), ...[before.expected, after.expected, after.low, after.high, change.expected].map((series) => format.kw(series[i]))]);
  fillTable(byId("response-table"), ["col_from", "col_now", "col_then", "col_low", "col_high", "col_change"].map((key) => t(key)), rows);
  const name = (term) => (has(`cost_${term}`) ? t(`cost_${term}`) : term);
  fillTable(byId("cost-table"), ["col_cost", "col_now", "col_then", "col_change"].map((key) => t(key)), costs.map((c) => [name(c.name), format.money(c.before), format.money(c.after), format.money(c.after - c.before)]));
  const driver = (d) => [d.evse_id, instant(d.ready_before), instant(d.ready_after), format.kwh(d.energy_kwh), format.kwh(d.furthest_kwh)];
  fillTable(byId("driver-table"), ["col_outlet", "col_ready_now", "col_ready_then", "col_leaves_with", "col_furthest"].map((key) => t(key)), drivers.map(driver));
  setHidden(byId("driver-details"), !drivers.length);
}
