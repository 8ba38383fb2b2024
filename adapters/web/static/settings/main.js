/* What the site file says. It rules; here it is only read. */

import { byId, element, fillTable, setClass } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { t } from "../shell/i18n.js";
import { PROTOCOLS } from "../shell/meaning.js";
import { openPage } from "../shell/shell.js";
import { onExports } from "../shell/tables.js";
import en from "../strings/en/settings.js";
import zh from "../strings/zh/settings.js";

const limit = (kw) => (kw === null ? t("no_limit") : format.kw(kw));
const hours = (h) => format.duration(3600 * h);

function showFacts(id, facts) {
  byId(id).replaceChildren(...Object.entries(facts).map(([name, text]) => element("div", {}, element("dt", {}, t(name)), element("dd", {}, text))));
}

function showSite(site) {
  showFacts("site-facts", {
    site_name: site.name,
    site_id: site.site_id,
    time_zone: site.time_zone,
    currency: site.currency,
    tick: format.duration(site.tick_s),
    pv: format.kw(site.pv_peak_kw),
    batteries: site.battery_ids.join(", ") || "–",
    assets_named: site.asset_ids.join(", ") || "–",
  });
}

function showRules(rules) {
  showFacts("rule-facts", {
    discharge: t(rules.discharge ? "yes" : "no"),
    soc_floor: format.percent(rules.soc_floor_frac),
    default_target: format.percent(rules.default_target_frac),
    default_energy: format.kwh(rules.default_energy_kwh),
    default_stay: hours(rules.default_stay_h),
    target_probability: format.percent(rules.target_probability),
    wear: format.price(rules.v2g_wear_cost_per_kwh),
    guard: format.percent(rules.guard_frac),
    lease: format.duration(rules.lease_s),
    stale: format.duration(rules.stale_after_s),
    dwell: format.duration(rules.dwell_s),
    code_consent: format.duration(rules.code_consent_s),
  });
}

function showTariff({ base_price_per_kwh: base, periods, export_share: share, demand_charge_per_kw: demand }) {
  const clock = (h) => `${String(Math.floor(h)).padStart(2, "0")}:${String(Math.round((h % 1) * 60)).padStart(2, "0")}`;
  const names = (all, key) => (all.length ? all.map((i) => t(key)[i - 1]).join(", ") : t("always"));
  const rows = periods.map((p) => [`${clock(p.start_h)}–${clock(p.end_h)}`, format.price(p.price_per_kwh), names(p.months, "months"), names(p.weekdays, "weekdays")]);
  fillTable(byId("tariff-table"), [t("hours"), t("price"), t("in_months"), t("on_days")], [
    ...rows,
    [t("else"), format.price(base), "", ""],
    [t("export"), t("of_import", format.percent(share)), "", ""],
    [t("demand"), `${format.money(demand)}/kW`, "", ""],
  ]);
}

function showTree(circuits) {
  const rows = circuits.map(({ circuit_id: id, parent_id: parent, import_limit_kw: most, export_limit_kw: out, phase_limit_a: amps }) => [
    id,
    parent ?? t("grid"),
    limit(most),
    limit(out),
    amps === null ? t("no_limit") : `${format.number(amps, 0)} A`,
  ]);
  fillTable(byId("tree-table"), [t("circuit"), t("below"), t("import_most"), t("export_most"), t("phase_most")], rows);
}

function showOutlets(evses) {
  const rows = evses.map((evse) => [
    evse.evse_id,
    `${evse.station_id} / ${evse.connector_id}`,
    PROTOCOLS[evse.protocol] ?? t("simulated"),
    evse.circuit_id,
    format.kw(evse.charge_min_kw),
    format.kw(evse.charge_max_kw),
    evse.discharge_max_kw > 0 ? format.kw(evse.discharge_max_kw) : "–",
  ]);
  fillTable(byId("outlets-table"), ["outlet", "charger", "protocol", "circuit", "least", "most", "gives"].map((name) => t(name)), rows);
}

openPage({
  strings: { en, zh },
  start: onExports,
  all({ site }) {
    setClass(byId("main"), "");
    showSite(site);
    showRules(site.rules);
    showTariff(site.tariff);
    showTree(site.circuits);
    showOutlets(site.evses);
  },
});
