/* What an operator should do something about. */

import { byId, element, keepList, setHidden, setText } from "../shell/dom.js";
import { currentLanguage, has, t } from "../shell/i18n.js";
import { PROTOCOLS, attention } from "../shell/meaning.js";

export function showAlarms({ state }) {
  const { parts, alarms } = attention(state);
  const items = [...parts.map(fromPart), ...alarms.map(fromAlarm)];
  setHidden(byId("alarms"), items.length === 0);
  keepList(byId("alarm-list"), items, (item) => item.key, create, update);
}

function fromAlarm({ code, unit_id: unit, units, detail }) {
  if (units) return { key: `many ${code}`, title: t("alarm_many", { n: units.length, title: t(`alarm_${code}`, { unit: "", detail: "…" }), units }), mend: t(`alarm_mend_${code}`, { unit: "", detail: "…" }) };
  const holes = { unit, detail };
  return { key: `${code} ${unit} ${detail}`, title: t(`alarm_${code}`, holes), mend: t(`alarm_mend_${code}`, holes) };
}

function fromPart(part) {
  const known = has(`part_${part.name}`) ? part.name : "other";
  const said = (currentLanguage() === "zh" && part.detail_zh) || part.detail;
  const detail = said ? ` (${said})` : "";
  const name = t("part_names")[part.name] ?? PROTOCOLS[part.name] ?? part.name;
  return { key: `part ${part.name}`, title: t(`part_${known}`, { name }) + detail, mend: t(`mend_${known}`) };
}

function create() {
  const title = element("strong");
  const mend = element("span");
  return { node: element("li", {}, title, mend), title, mend };
}

function update(item, { title, mend }) {
  setText(item.title, title);
  setText(item.mend, mend);
}
