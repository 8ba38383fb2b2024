/* A card for each battery and asset: what it does, what it has made or holds, and why. */

import { byId, fromTemplate, keepList, setAttribute, setClass, setHidden, setStyle, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { currentLanguage, t } from "../shell/i18n.js";
import { MOVING_KW, isStale } from "../shell/meaning.js";

/* The status of each kind while it takes power, while it gives some, and while it does neither. */
const STATUSES = {
  battery: ["charging", "giving", "resting"],
  swap: ["charging", "giving", "resting"],
  electrolyser: ["running", "running", "stopped"],
  flexible_load: ["more", "less", "usual"],
  pv: ["dark", "producing", "dark"],
};
const CURTAILED_KW = 0.5;

export function showAssets({ site, state }) {
  const now = new Date(state.now);
  const batteries = state.batteries.map((battery) => ({ ...battery, name: battery.battery_id, kind: "battery", fault: "", level: batteryLevel(battery) }));
  const assets = state.assets.map((asset) => ({ ...asset, name: asset.asset_id }));
  const all = [...batteries, ...assets];
  setHidden(byId("assets-section"), all.length === 0);
  keepList(byId("assets"), all, ({ name }) => name, () => fromTemplate("asset-card"), (card, asset) => update(card, asset, site, now));
}

const batteryLevel = ({ soc_frac: soc }) => (soc === null ? null : { value: soc, full: 1, unit: "" });

function update({ node, parts }, asset, site, now) {
  const { name, kind, power_kw: power, level } = asset;
  const status = statusOf(asset);
  const stale = power !== null && isStale(power, site);
  setClass(node, `card asset ${kind} ${status}${stale ? " stale" : ""}`);
  setText(parts.name, name);
  setText(parts.kind, t(`asset_${kind}`));
  setText(parts.status, t(`asset_status_${status}`));
  setClass(parts.status, `status ${status}`);
  setText(parts.power, power === null ? "–" : powerText(kind, power.value));
  setText(parts.setpoint, stale ? t("old", format.duration(power.age_s)) : setpointText(asset));
  setHidden(parts.level, level === null || level.full <= 0);
  if (level !== null && level.full > 0) showLevel(parts, kind, level);
  setText(parts.why, whyText(asset, status, now));
}

function statusOf({ kind, online, fault, power_kw: power, level }) {
  if (!online) return "offline";
  if (fault) return "fault";
  if (kind === "pv" && level && level.full - level.value > CURTAILED_KW) return "curtailed";
  const kw = power?.value ?? 0;
  return STATUSES[kind][kw > MOVING_KW ? 0 : kw < -MOVING_KW ? 1 : 2];
}

/** A flexible load's power is a difference, and says which way. */
function powerText(kind, kw) {
  const size = format.kw(Math.abs(kw));
  return kind === "flexible_load" && Math.abs(kw) > MOVING_KW ? `${kw > 0 ? "+" : "\u2212"}${size}` : size;
}

function setpointText({ kind, setpoint_kw: told, acknowledged_kw: acknowledged }) {
  if (kind === "pv") return told === null ? t("asset_free") : t("asset_at_most", format.kw(-told));
  if (acknowledged !== null) return t("setpoint_confirmed", powerText(kind, acknowledged));
  return told === null ? t("setpoint_none") : t("setpoint_sent", powerText(kind, told));
}

/** How far: from nothing to full, or for a flexible load from as far behind as may be to as far ahead. */
function showLevel(parts, kind, { value, full, unit }) {
  const flexible = kind === "flexible_load";
  const share = flexible ? (value / full + 1) / 2 : value / full;
  setStyle(parts.fill, "width", `${100 * Math.min(Math.max(share, 0), 1)}%`);
  setHidden(parts.middle, !flexible);
  const amount = (x) => (unit === "" ? format.percent(x) : format.amount(Math.abs(x), unit));
  const key = flexible ? (value < 0 ? "level_behind" : "level_ahead") : `level_${kind}`;
  const text = t(key, { value: amount(value), full: amount(full) });
  setText(parts.amount, text);
  setAttribute(parts.bar, "aria-label", text);
}

function whyText({ power_kw: power, fault, reason }, status, now) {
  if (status === "offline") return power ? t("why_offline", format.duration((now - new Date(power.at)) / 1000)) : t("why_never");
  if (status === "fault") return t("why_fault", fault);
  return reason ? reason[currentLanguage()] : "";
}
