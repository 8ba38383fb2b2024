/* The answer at once: ready by when, how likely, what it brings. */

import { byId, element, keepList, setAttribute, setHidden, setStyle, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { currentLanguage, t } from "../shell/i18n.js";
import { MOVING_KW, isShort } from "../shell/meaning.js";

const MOST_CHANCE = 0.99;
const SOON_MS = 15 * 60e3;
const WORTH_SAYING = 0.01;

export function showAnswer(car) {
  const { evse, site } = car;
  setText(byId("car-place"), `${evse.evse_id} · ${site}`);
  setText(byId("car-title"), title(car));
  showLevel(evse.session);
  keepList(byId("car-promise"), evse.session ? promises(car) : [], ({ name }) => name, create, update);
  setText(byId("car-why"), evse.session && evse.reason ? evse.reason[currentLanguage()] : "");
}

function title({ evse, now }) {
  if (!evse.online || evse.fault) return t("trouble");
  if (!evse.session) return t("nobody");
  const { promise } = evse.session;
  if (!promise) return t("planning");
  if (isShort(evse)) return t("will_lack", format.kwh(promise.shortfall_kwh));
  if (promise.ready_at === null || new Date(promise.ready_at) - new Date(now) < SOON_MS) return t("ready_now");
  return t("ready_by", format.when(new Date(promise.ready_at), new Date(now)));
}

function showLevel(session) {
  const soc = session?.soc_frac ?? null;
  setHidden(byId("car-soc"), soc === null);
  if (soc === null) return;
  const target = session.soc_target_frac;
  setStyle(byId("car-fill"), "width", `${100 * soc}%`);
  setHidden(byId("car-target"), target === null);
  setStyle(byId("car-target"), "left", `${100 * (target ?? 1)}%`);
  setAttribute(byId("car-soc"), "aria-label", t("level", { soc: format.percent(soc), target: target === null ? "–" : format.percent(target) }));
}

function promises({ evse, saves, gives_kwh: gives }) {
  const { session, power_kw: power } = evse;
  const chance = session.promise?.probability ?? null;
  const kw = power?.value ?? 0;
  return [
    { name: "now", text: Math.abs(kw) < MOVING_KW ? t("resting") : t(kw > 0 ? "charges" : "gives", format.kw(Math.abs(kw))) },
    { name: "charged", text: session.soc_frac === null ? format.kwh(session.charged_kwh) : format.percent(session.soc_frac) },
    ...(chance === null ? [] : [{ name: "chance", text: format.percent(Math.min(chance, MOST_CHANCE)) }]),
    ...(saves !== null && Math.abs(saves) >= WORTH_SAYING ? [{ name: saves > 0 ? "saves" : "costs", text: format.money(Math.abs(saves)) }] : []),
    ...(gives > MOVING_KW ? [{ name: "gives_back", text: format.kwh(gives) }] : []),
  ];
}

function create() {
  const [label, value] = [element("dt"), element("dd")];
  return { node: element("div", {}, label, value), label, value };
}

function update(item, { name, text }) {
  setText(item.label, t(`fact_${name}`));
  setText(item.value, text);
}
