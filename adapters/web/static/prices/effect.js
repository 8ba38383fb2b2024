/* What the published signals change, in words near their list: asked for when a plan was made under them. */

import { get } from "../shell/api.js";
import { byId, element, setHidden, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { t } from "../shell/i18n.js";
import { drawSteps } from "./steps_svg.js";

/* It takes the station two solves, so that a fast clock does not ask again with every plan. */
const ASK_AGAIN_MS = 10_000;
const LEAST_KWH = 0.1;
const LEAST_MONEY = 0.01;

let view = null;
let shown = { kind: "none" };
let published = "";
let askedTick = null;
let askedAt = -Infinity;
let asked = 0;

export function onEffect() {
  byId("effect-retry").addEventListener("click", () => {
    show({ kind: "loading" });
    ask();
  });
}

/** Keep the answer that of what is published now and of the latest plan, once that was made under it. */
export function followEffect(current) {
  view = current;
  const names = inOrder(view.signals.map(({ signal_id: id }) => id));
  if (names === published) {
    show(shown);
  } else {
    published = names;
    askedTick = null;
    show({ kind: names ? "loading" : "none" });
  }
  const { plan } = view;
  if (!names || !plan || plan.tick === askedTick || inOrder(plan.signal_ids) !== names) return;
  if (askedTick === null || performance.now() - askedAt > ASK_AGAIN_MS) ask();
}

const inOrder = (names) => [...names].sort().join();

async function ask() {
  askedTick = view.plan.tick;
  askedAt = performance.now();
  asked += 1;
  const mine = asked;
  let answer;
  try {
    answer = { kind: "told", effect: await get("plan/effect") };
  } catch (error) {
    answer = error.status === 404 ? { kind: "none" } : { kind: "failed", why: error.message };
  }
  if (mine === asked && published) show(answer);
}

function show(next) {
  shown = next;
  setHidden(byId("effect"), next.kind === "none");
  setHidden(byId("effect-loading"), next.kind !== "loading");
  setHidden(byId("effect-failed"), next.kind !== "failed");
  setHidden(byId("effect-told"), next.kind !== "told");
  if (next.kind === "failed") setText(byId("effect-why"), t("effect_failed", next.why));
  if (next.kind === "told") tell(next.effect);
}

function tell(effect) {
  const cars = new Set(view.site.evses.map(({ evse_id: id }) => id));
  const affected = { cars: effect.affected.filter((id) => cars.has(id)), others: effect.affected.filter((id) => !cars.has(id)) };
  const lines = [];
  if (effect.moved_kwh >= LEAST_KWH) lines.push([t("effect_moved", format.kwh(effect.moved_kwh)), ""]);
  if (affected.cars.length) lines.push([t("effect_cars", { n: affected.cars.length, names: affected.cars }), ""]);
  if (affected.others.length) lines.push([t("effect_others", { names: affected.others }), ""]);
  if (!effect.affected.length) lines.push([t("effect_nobody"), ""]);
  if (Math.abs(effect.cost) >= LEAST_MONEY) lines.push([t(effect.cost > 0 ? "effect_dearer" : "effect_cheaper", format.money(Math.abs(effect.cost))), ""]);
  if (effect.unmet_kwh >= LEAST_KWH) lines.push([t("effect_unmet", format.kwh(effect.unmet_kwh)), "warn"]);
  byId("effect-lines").replaceChildren(...lines.map(([text, tone]) => element("li", { class: tone }, text)));
  const intervals = effect.starts.map((start, i) => ({ start: Date.parse(start), end: Date.parse(start) + effect.step_h[i] * 3600e3, value: effect.import_kw[i] }));
  const flat = intervals.length ? [{ start: intervals[0].start, end: intervals.at(-1).end, value: 0 }] : [];
  drawSteps(byId("effect-chart"), [{ intervals: flat, kind: "before" }, { intervals, kind: "change" }]);
  setText(byId("effect-chart-words"), chartWords(effect));
}

/** The largest change down and up, so that the little picture can be read without seeing it. */
function chartWords({ starts, import_kw: change }) {
  const at = (value) => format.when(new Date(starts[change.indexOf(value)]), new Date(starts[0]));
  const [least, most] = [Math.min(...change, 0), Math.max(...change, 0)];
  const parts = [];
  if (least < -0.05) parts.push(t("effect_down", { power: format.kw(-least), at: at(least) }));
  if (most > 0.05) parts.push(t("effect_up", { power: format.kw(most), at: at(most) }));
  return parts.length ? `${t("effect_power")} ${parts.join(t("comma"))}` : "";
}
