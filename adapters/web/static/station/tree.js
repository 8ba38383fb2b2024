/* The feeder tree: each circuit's power against its limit. Only the grid connection has a meter; below it, cars are summed. */

import { byId, element, keepList, setAttribute, setClass, setHidden, setStyle, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { t } from "../shell/i18n.js";
import { power } from "../shell/meaning.js";

const OVER_KW = 0.5;
/** A tree of more circuits shows those nearest to their limits. */
const MOST = 12;

export function showTree({ site, state }) {
  const rows = circuits(site, state);
  setHidden(byId("tree-section"), rows.length < 2);
  const shown = rows.length > MOST ? [...rows].sort((a, b) => b.use - a.use).slice(0, MOST) : rows;
  keepList(byId("tree"), shown, ({ name }) => name, create, update);
}

function circuits(site, state) {
  const parents = new Map(site.circuits.map(({ circuit_id: id, parent_id: parent }) => [id, parent]));
  const cars = carsBelow(site, state, parents);
  return site.circuits.map(({ circuit_id: name, parent_id: parent, import_limit_kw: own, phases_kw: phases }) => {
    const kw = parent === null ? state.site_power_kw?.value ?? null : cars.get(name) ?? 0;
    const limit = parent === null ? state.import_limit_kw : own === null || phases === null ? own ?? phases : Math.min(own, phases);
    return { name, depth: path(name, parents).length - 1, kw, limit, metered: parent === null, use: limit && kw !== null ? Math.abs(kw) / limit : 0 };
  });
}

function carsBelow(site, state, parents) {
  const circuitOf = new Map(site.evses.map(({ evse_id: id, circuit_id: circuit }) => [id, circuit]));
  const sums = new Map();
  for (const evse of state.evses) {
    for (const name of path(circuitOf.get(evse.evse_id), parents)) sums.set(name, (sums.get(name) ?? 0) + power(evse));
  }
  return sums;
}

/** A circuit and all above it. */
function path(name, parents) {
  const above = [];
  for (let at = name; at !== null && at !== undefined; at = parents.get(at)) above.push(at);
  return above;
}

function create() {
  const [name, fill, value] = [element("span", { class: "circuit" }), element("i"), element("span", { class: "amount" })];
  const bar = element("span", { class: "track", role: "img" }, fill);
  return { node: element("li", {}, name, bar, value), name, bar, fill, value };
}

function update(row, { name, depth, kw, limit, metered, use }) {
  const over = limit !== null && kw !== null && kw > limit + OVER_KW;
  setClass(row.node, `${over ? "over" : ""}${kw < 0 ? " out" : ""}`);
  setStyle(row.name, "--depth", String(depth));
  setText(row.name, name);
  setStyle(row.fill, "width", `${100 * Math.min(use, 1)}%`);
  const amount = kw === null ? t("not_measured") : limit === null ? format.kw(kw) : t("of_limit", { power: format.number(kw, Math.abs(kw) < 99.95 ? 1 : 0), limit: format.kw(limit, 0) });
  const text = metered ? amount : t("cars_take", amount);
  setText(row.value, text);
  setAttribute(row.bar, "aria-label", `${name}: ${text}${over ? `, ${t("over_limit")}` : ""}`);
}
