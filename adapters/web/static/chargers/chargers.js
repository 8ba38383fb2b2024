/* A card for each charger: who is there, how full, until when, and why it does what it does. */

import { byId, fromTemplate, keepList, setAttribute, setClass, setHidden, setStyle, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { currentLanguage, t } from "../shell/i18n.js";
import { PROTOCOLS, isCharging, isGiving, isShort, isStale } from "../shell/meaning.js";
import { lift, openCode, openSteer, orderText } from "./steer.js";

const SIGNS = { charging: "↑", giving: "↓", waiting: "·", done: "✓", free: "○", offline: "×", fault: "!" };
const FILTERS = {
  all: () => true,
  busy: ({ evse }) => evse.session !== null,
  attention: ({ evse, status }) => ["offline", "fault"].includes(status) || isShort(evse) || refused(evse),
};

/** More cards than this are not drawn at once: a page of a thousand helps nobody. Those that need attention come first. */
const MOST_CARDS = 200;
const LIKELY = 0.9;
const WORTH_SAYING = 0.01;

let filter = "all";

export function onFilter(changed) {
  const buttons = [...document.querySelectorAll("[data-filter]")];
  const mark = () => buttons.forEach((button) => setAttribute(button, "aria-pressed", button.dataset.filter === filter));
  for (const button of buttons) {
    button.addEventListener("click", () => {
      filter = button.dataset.filter;
      mark();
      changed();
    });
  }
  mark();
}

export function showChargers({ me, site, state }) {
  const now = new Date(state.now);
  const facts = new Map(site.evses.map((evse) => [evse.evse_id, evse]));
  const cards = state.evses.map((evse) => ({ evse, facts: facts.get(evse.evse_id), status: statusOf(evse), site, now, maySteer: me.rights.includes("steer") }));
  const chosen = cards.filter(FILTERS[filter]);
  const busy = cards.filter(FILTERS.busy).length;
  const offline = cards.filter(({ status }) => status === "offline").length;
  const shown = chosen.length > MOST_CARDS ? [...chosen].sort(attentionFirst).slice(0, MOST_CARDS) : chosen;
  const limited = shown.length < chosen.length ? ` · ${t("chargers_shown", { shown: shown.length, all: chosen.length })}` : "";
  setText(byId("chargers-count"), t("chargers_count", { busy, all: cards.length, offline }) + limited);
  setHidden(byId("chargers-empty"), chosen.length > 0);
  keepList(byId("chargers"), shown, ({ evse }) => evse.evse_id, create, update);
}

const attentionFirst = (a, b) => FILTERS.attention(b) - FILTERS.attention(a) || FILTERS.busy(b) - FILTERS.busy(a);

function statusOf(evse) {
  if (!evse.online) return "offline";
  if (evse.fault) return "fault";
  if (!evse.session) return "free";
  if (isCharging(evse)) return "charging";
  if (isGiving(evse)) return "giving";
  return evse.why === "done" ? "done" : "waiting";
}

const refused = (evse) => evse.session !== null && ["rejected", "timed_out"].includes(evse.outcome);

/** A card; its buttons speak of what it last showed. */
function create() {
  const card = { ...fromTemplate("charger-card"), evse: null, now: null };
  card.parts.steer.addEventListener("click", () => openSteer(card.evse, card.now));
  card.parts.code.addEventListener("click", () => openCode(card.evse));
  card.parts.lift.addEventListener("click", () => lift(card.evse));
  return card;
}

function update(card, { evse, facts, status, site, now, maySteer }) {
  const { node, parts } = card;
  Object.assign(card, { evse, now });
  const stale = evse.power_kw !== null && isStale(evse.power_kw, site);
  setClass(node, `card charger ${status}${stale ? " stale" : ""}`);
  setText(parts.name, evse.evse_id);
  setText(parts.status, `${SIGNS[status]} ${t(`status_${status}`)}`);
  setClass(parts.status, `status ${status}`);
  setText(parts.power, evse.power_kw ? format.kw(Math.abs(evse.power_kw.value)) : "–");
  setText(parts.setpoint, stale ? t("old", format.duration(evse.power_kw.age_s)) : setpointText(evse));
  setHidden(parts.car, evse.session === null);
  if (evse.session) showCar(parts, evse, now);
  setText(parts.why, whyText(evse, status));
  showDeeds(parts, evse, now, maySteer);
  setText(parts.protocol, protocolText(facts));
  setText(parts.lease, leaseText(evse, now));
}

/** What is ordered there, and what may be. */
function showDeeds(parts, { override }, now, maySteer) {
  setHidden(parts.order, override === null);
  if (override) setText(parts.ordered, orderText(override, now));
  setHidden(parts.lift, !maySteer);
  setText(parts.lift, t("lift"));
  setHidden(parts.deeds, !maySteer);
  setText(parts.steer, t("steer"));
  setText(parts.code, t("code"));
}

function setpointText(evse) {
  if (!evse.session) return "";
  if (evse.acknowledged_kw !== null && evse.outcome !== "timed_out") return t("setpoint_confirmed", format.kw(evse.acknowledged_kw));
  return evse.setpoint_kw === null ? t("setpoint_none") : t("setpoint_sent", format.kw(evse.setpoint_kw));
}

function showCar(parts, evse, now) {
  const { session } = evse;
  const { soc_frac: soc, soc_floor_frac: floor, discharge_consent: gives } = session;
  const target = targetOf(session);
  setHidden(parts.soc, soc === null);
  if (soc !== null) {
    setStyle(parts["soc-fill"], "width", `${100 * soc}%`);
    setStyle(parts["soc-target"], "left", `${100 * (target ?? 1)}%`);
    setHidden(parts["soc-target"], target === null);
    setStyle(parts["soc-floor"], "left", `${100 * floor}%`);
    setHidden(parts["soc-floor"], !gives);
    const holes = { soc: format.percent(soc), target: target === null ? "–" : format.percent(target), floor: format.percent(floor) };
    setAttribute(parts.soc, "aria-label", t("soc_label", holes));
  }
  setText(parts.charge, soc === null ? t("charged", format.kwh(session.charged_kwh)) : format.percent(soc));
  setText(parts.goal, goalText(session));
  setText(parts.leaves, leavesText(session, now));
  setText(parts.ready, readyText(evse, now));
  setClass(parts.ready, isShort(evse) ? "warn" : "");
  showPromise(parts, session.promise);
}

/** The state of charge that is wanted: as asked, or where the energy asked for leads. */
function targetOf({ soc_target_frac: asked, capacity_kwh: capacity, promise }) {
  return asked ?? (promise && capacity ? Math.min(promise.target_kwh / capacity, 1) : null);
}

/** How likely the car is ready, and what that costs: only what is known. */
function showPromise(parts, promise) {
  const chance = promise?.probability ?? null;
  const cost = promise?.cost_at_most ?? 0;
  setText(parts.chance, chance === null ? "" : t("chance", format.percent(Math.min(chance, 0.99))));
  setClass(parts.chance, chance !== null && chance < LIKELY ? "warn" : "");
  setText(parts.cost, cost < WORTH_SAYING ? "" : t("promise_cost", format.money(cost)));
  setHidden(parts.promise, chance === null && cost < WORTH_SAYING);
}

function goalText({ energy_wish_kwh: energy, soc_target_frac: target, soc_floor_frac: floor, discharge_consent: gives }) {
  if (energy !== null) return t("goal_kwh", format.kwh(energy));
  return target === null ? "" : t("goal", { target: format.percent(target), floor: gives ? format.percent(floor) : "" });
}

function leavesText({ departure }, now) {
  if (departure === null) return t("leaves_unknown");
  const at = new Date(departure);
  const text = format.when(at, now);
  return at > now ? t("leaves", { at: text, left: format.duration((at - now) / 1000) }) : t("overdue", { at: text });
}

function readyText(evse, now) {
  const { promise } = evse.session;
  if (!promise) return "";
  if (isShort(evse)) return t("short", format.kwh(promise.shortfall_kwh));
  if (promise.ready_at === null) return "";
  const at = new Date(promise.ready_at);
  return at - now < 15 * 60e3 ? t("ready_now") : t("ready_at", format.when(at, now));
}

function whyText(evse, status) {
  if (status === "offline") return evse.power_kw ? t("why_offline", format.duration(evse.power_kw.age_s)) : t("why_never");
  if (status === "fault") return t("why_fault", evse.fault);
  if (refused(evse)) return t(`outcome_${evse.outcome}`);
  if (evse.override?.kind === "pause") return ""; // the order below says it
  if (evse.outcome === "withheld") return t("outcome_withheld");
  if (evse.why === "limit" && evse.bound_by.length) return t("why_limit_named", { names: evse.bound_by.join(", ") });
  if (evse.session === null) return t("why_away");
  return evse.reason ? evse.reason[currentLanguage()] : t("why_new");
}

function protocolText({ protocol, discharge_max_kw: discharge, charge_max_kw: charge }) {
  return [PROTOCOLS[protocol] ?? t("simulated"), format.kw(charge, 0), ...(discharge > 0 ? [t("both_ways")] : [])].join(" · ");
}

function leaseText({ lease_until: until, session }, now) {
  if (until === null || session === null) return "";
  const leftS = (new Date(until) - now) / 1000;
  return leftS > 0 ? t("lease_left", format.duration(leftS)) : t("lease_over");
}
