/* The top of the page: one sentence of state, power against the limit, and what it is made of. */

import { byId, element, keepList, setAttribute, setClass, setHidden, setStyle, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { t } from "../shell/i18n.js";
import { isCharging, isGiving, isShort, isStale } from "../shell/meaning.js";
import { planIndexAt } from "../shell/series.js";

const OVER_KW = 0.5;
const PEAK_WITHIN_H = 12;

export function showHeadline({ site, state, plan }) {
  setText(byId("sentence-power"), powerSentence(state));
  const promise = promiseSentence(state);
  setText(byId("sentence-promise"), promise.text);
  setClass(byId("sentence-promise"), promise.tone);
  showBar(state, plan);
  keepList(byId("tiles"), tiles(site, state, plan), (tile) => tile.name, createTile, updateTile);
}

function powerSentence(state) {
  const charging = state.evses.filter(isCharging).length;
  const giving = state.evses.filter(isGiving).length;
  const connected = state.evses.filter((evse) => evse.session).length;
  const kind = charging && giving ? "both" : charging ? "charging" : giving ? "giving" : "resting";
  return t(`headline_${kind}`, { charging, giving, connected, power: powerAgainstLimit(state) });
}

function powerAgainstLimit({ site_power_kw: power, import_limit_kw: limit }) {
  if (power === null) return t("power_unknown");
  if (power.value < 0) return t("power_exporting", { now: format.kw(-power.value, 0) });
  if (limit === null) return format.kw(power.value, 0);
  return t("power_of", { now: format.number(power.value), unit: "kW", limit: format.kw(limit, 0) });
}

function promiseSentence(state) {
  if (!state.health.alive) return { text: t("stopped"), tone: "bad" };
  const over = (state.site_power_kw?.value ?? 0) - (state.import_limit_kw ?? Infinity);
  if (over > OVER_KW) return { text: t("over", { by: format.kw(over) }), tone: "bad" };
  if (state.tick === null) return { text: t("no_plan"), tone: "quiet" };
  if (!state.evses.some((evse) => evse.session)) return { text: t("nobody_waits"), tone: "quiet" };
  const names = state.evses.filter(isShort).map((evse) => evse.evse_id);
  return names.length ? { text: t("late", { names }), tone: "warn" } : { text: t("on_time"), tone: "good" };
}

function showBar(state, plan) {
  const power = state.site_power_kw?.value ?? 0;
  const limit = state.import_limit_kw;
  const peak = plan && plannedPeak(plan, new Date(state.now));
  const high = 1.06 * Math.max(limit ?? 0, power, peak?.kw ?? 0, 1);
  const low = 1.06 * Math.min(power, 0);
  const share = (kw) => `${(100 * (kw - low)) / (high - low)}%`;
  const meter = byId("power-meter");
  setAttribute(meter, "aria-valuenow", Math.round(power));
  setAttribute(meter, "aria-valuemin", Math.round(low));
  setAttribute(meter, "aria-valuemax", Math.round(limit ?? high));
  setStyle(byId("power-fill"), "left", share(Math.min(power, 0)));
  setStyle(byId("power-fill"), "width", `${(100 * Math.abs(power)) / (high - low)}%`);
  setClass(byId("power"), `power${limit !== null && power > limit + OVER_KW ? " over" : ""}${power < 0 ? " out" : ""}`);
  setHidden(byId("power-limit"), limit === null);
  setStyle(byId("power-limit"), "left", share(limit ?? 0));
  setHidden(byId("power-zero"), low === 0);
  setStyle(byId("power-zero"), "left", share(0));
  setHidden(byId("power-peak"), !peak);
  if (peak) setStyle(byId("power-peak"), "left", share(Math.max(peak.kw, 0)));
  const told = state.site_power_kw === null ? "–" : format.kw(Math.abs(power));
  setText(byId("power-now"), t(power < 0 ? "power_out" : "power_now", { power: told }));
  setText(byId("power-next"), peak ? t("power_planned", { power: format.kw(peak.kw), at: format.when(peak.at, new Date(state.now)) }) : "");
  setText(byId("power-max"), limit === null ? t("power_no_limit") : t("power_limit", { power: format.kw(limit) }));
}

function plannedPeak(plan, now) {
  let best = null;
  plan.starts.forEach((start, i) => {
    const at = new Date(start);
    if (at - now > PEAK_WITHIN_H * 3600e3 || (best && plan.import_kw[i] <= best.kw)) return;
    best = { kw: plan.import_kw[i], at: at < now ? now : at };
  });
  return best;
}

function tiles(site, state, plan) {
  const all = [
    { name: "charging", kw: state.charge_kw, note: t("n_cars", state.evses.filter(isCharging).length) },
    { name: "giving", kw: state.discharge_kw, note: t("from_cars", state.evses.filter(isGiving).length) },
    measured("building", state.load_kw, site),
  ];
  if (site.pv_peak_kw > 0) all.push(measured("pv", state.pv_kw, site));
  if (state.batteries.length) all.push(batteryTile(state));
  if (state.assets.length) all.push({ name: "assets", kw: state.asset_kw, note: "" });
  all.push(priceTile(state, plan));
  return all;
}

function measured(name, reading, site) {
  if (reading === null) return { name, kw: null, note: t("not_measured") };
  const stale = isStale(reading, site);
  return { name, kw: reading.value, stale, note: stale ? t("old", format.duration(reading.age_s)) : "" };
}

function batteryTile(state) {
  const known = state.batteries.filter((battery) => battery.soc_frac !== null);
  const soc = known.length ? format.percent(known.reduce((sum, b) => sum + b.soc_frac, 0) / known.length) : "–";
  return { name: "battery", kw: Math.abs(state.battery_kw), note: t("battery_state", { soc, power: state.battery_kw }) };
}

function priceTile(state, plan) {
  const now = state.import_price_per_kwh;
  if (now === null) return { name: "price", text: "–", note: "" };
  let note = t("price_steady");
  if (plan) {
    const from = planIndexAt(plan, new Date(state.now));
    const next = plan.import_price_per_kwh.findIndex((price, i) => i > from && Math.abs(price - now) > 5e-3);
    if (next >= 0) {
      const at = format.when(new Date(plan.starts[next]), new Date(state.now));
      note = t("price_next", { price: format.price(plan.import_price_per_kwh[next]), at });
    }
  }
  return { name: "price", text: format.price(now), note };
}

function createTile({ name }) {
  const label = element("span", { class: "tile-label" });
  const value = element("strong", {});
  const note = element("small", {});
  return { node: element("li", { class: `tile ${name}` }, label, value, note), label, value, note };
}

function updateTile(tile, { name, kw, text, note, stale }) {
  setClass(tile.node, `tile ${name}${stale ? " stale" : ""}`);
  setText(tile.label, t(name));
  setText(tile.value, text ?? (kw === null ? "–" : format.kw(kw)));
  setText(tile.note, note);
}
