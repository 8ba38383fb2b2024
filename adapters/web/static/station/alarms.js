/* What an operator should do something about. */

import { byId, element, keepList, setHidden, setText } from "../shell/dom.js";
import { has, t } from "../shell/i18n.js";

export function showAlarms({ state }) {
  const items = [
    ...state.health.parts.filter((part) => part.condition !== "ok").map(fromPart),
    ...state.alarms.map(fromAlarm),
  ];
  setHidden(byId("alarms"), items.length === 0);
  keepList(byId("alarm-list"), items, (item) => item.key, create, update);
}

function fromAlarm({ code, unit_id: unit, detail }) {
  const holes = { unit, detail };
  return { key: `${code} ${unit} ${detail}`, title: t(`alarm_${code}`, holes), mend: t(`alarm_mend_${code}`, holes) };
}

function fromPart(part) {
  const known = has(`part_${part.name}`) ? part.name : "other";
  const detail = part.detail ? ` (${part.detail})` : "";
  return { key: `part ${part.name}`, title: t(`part_${known}`, part) + detail, mend: t(`mend_${known}`) };
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
