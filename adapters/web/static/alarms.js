/* What an operator should do something about. */

import { byId, element, keepList, setHidden, setText } from "./dom.js";
import { has, t } from "./i18n.js";

export function showAlarms({ state }) {
  const items = [
    ...state.health.parts.filter((part) => part.condition !== "ok").map(fromPart),
    ...state.alarms.map(fromText),
  ];
  setHidden(byId("alarms"), items.length === 0);
  keepList(byId("alarm-list"), items, (item) => item.key, create, update);
}

/** The daemon says alarms in English; those known by their form are said in the reader's language, with what to do. */
const FORMS = [
  ["not_connected", /^charger (?<unit>\S+) is not connected$/],
  ["fault", /^charger (?<unit>\S+) reports (?<fault>.+)$/],
  ["rung", /^the plan comes from rung '(?<rung>\w+)': (?<reason>.*)$/],
  ["refused", /^Rejected for (?<unit>\S+)$/],
  ["no_answer", /^(?:TimedOut|Unreachable) for (?<unit>\S+)$/],
  ["withheld", /^raise of (?<unit>\S+) withheld/],
];

function fromText(text) {
  for (const [name, form] of FORMS) {
    const holes = form.exec(text)?.groups;
    if (holes) return { key: text, title: t(`alarm_${name}`, holes), mend: t(`alarm_mend_${name}`, holes) };
  }
  return { key: text, title: text, mend: "" };
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
