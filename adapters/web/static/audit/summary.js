/* An entry of the audit log in a few words; all its facts stand below. */

import * as format from "../shell/format.js";
import { has, t } from "../shell/i18n.js";

const SAYS = {
  plan: ({ tick, rung }) => t("said_plan", { tick, rung: has(`rung_${rung}`) ? t(`rung_${rung}`) : rung }),
  setpoints: sent,
  cuts: sent,
  signal: ({ kind, source, reason }) => [kind, source, reason].filter(Boolean).join(" · "),
  withdrawal: ({ signal_id: id, by }) => [id, by].filter(Boolean).join(" · "),
  wishes: ({ evse_id: evse, wishes, by }) => [evse, wished(wishes ?? {}), by || (wishes?.claim && t("said_by_code"))].filter(Boolean).join(" · "),
};

/** What an entry says in short; "" where it has no words of its own. */
export function summary(kind, facts) {
  if (facts === null || typeof facts !== "object") return "";
  if (SAYS[kind]) return SAYS[kind](facts);
  return Object.values(facts).filter((value) => typeof value === "string" && value).join(" · ");
}

function sent({ sent: setpoints = [] }) {
  const refused = setpoints.filter(({ outcome }) => outcome !== "Applied").length;
  return t("said_sent", { n: setpoints.length, refused });
}

function wished({ energy_kwh: energy, soc_target_frac: share, departure, discharge_consent: consents }) {
  const said = [energy && format.kwh(energy), share && format.percent(share), departure && format.stamp(new Date(departure)), consents && t("said_consents")];
  return said.filter(Boolean).join(", ");
}
