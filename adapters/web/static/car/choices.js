/* Three taps: when I leave, how much I need, whether the car may give back. Each is sent as it is made. */

import { byId, element, keepList, setAttribute, setHidden, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { t } from "../shell/i18n.js";

const STAYS_H = [1, 2, 4, 8];
const NEEDS_KM = [50, 100, 200];
/** What a middle-sized electric car takes from the outlet in mixed traffic, losses of charging counted. */
const KWH_PER_KM = 0.2;
const SAME_MS = 16 * 60e3; // choices move with the quarter-hours
const SAME_KWH = 1;
const QUARTER_MS = 900e3;

/** What was tapped is shown at once; after so long without another tap, what the station has is. */
const MINE_MS = 20_000;

let car = null;
let mine = null;
let sendWishes = () => {};

export function onChoices(send) {
  sendWishes = send;
  byId("leave-at").addEventListener("change", () => {
    const at = format.fromInput(byId("leave-at").value);
    if (at) choose({ departure: at.toISOString() });
  });
  byId("wishes").addEventListener("submit", (event) => event.preventDefault());
}

export function showChoices(current) {
  car = current;
  const session = wished();
  fill("leave-choices", leaves(session));
  fill("need-choices", needs(session));
  setHidden(byId("give-back"), !car.may_give_back);
  fill("give-choices", gives(session));
  const said = car.may_consent_again ? "consent_soon" : car.may_consent ? "consent_once" : "consent_late";
  setText(byId("late"), t(said, format.duration(car.consent_s)));
  if (session.departure && document.activeElement !== byId("leave-at")) byId("leave-at").value = format.toInput(new Date(session.departure));
}

function leaves({ departure }) {
  const now = Date.parse(car.now);
  return STAYS_H.map((h) => {
    const at = Math.ceil((now + h * 3600e3) / QUARTER_MS) * QUARTER_MS;
    const chosen = departure !== null && Math.abs(Date.parse(departure) - at) < SAME_MS;
    return { key: String(h), text: t("in_hours", h), note: format.clock(new Date(at)), chosen, wish: { departure: new Date(at).toISOString() } };
  });
}

function needs(session) {
  const wanted = session.energy_wish_kwh === null ? null : session.energy_wish_kwh - session.charged_kwh;
  const all = NEEDS_KM.map((km) => {
    const kwh = km * KWH_PER_KM;
    const wish = { energy_wish_kwh: Math.round(10 * (session.charged_kwh + kwh)) / 10 };
    return { key: String(km), text: `${km} km`, note: format.kwh(kwh), chosen: wanted !== null && Math.abs(wanted - kwh) < SAME_KWH, wish };
  });
  if (session.soc_frac === null) return all;
  const full = { key: "full", text: t("full"), note: format.percent(1), chosen: session.energy_wish_kwh === null && session.soc_target_frac === 1, wish: { energy_wish_kwh: null, soc_target_frac: 1 } };
  return [...all, full];
}

function gives({ discharge_consent: consents }) {
  const choice = (given) => ({ key: String(given), text: t(given ? "give_yes" : "give_no"), chosen: consents === given, wish: { discharge_consent: given } });
  return [{ ...choice(true), barred: !car.may_consent }, choice(false)];
}

/** The session with what was just tapped, which the station may not have taken in yet. */
function wished() {
  const { session } = car.evse;
  if (mine && (mine.session_id !== session.session_id || performance.now() - mine.at > MINE_MS)) mine = null;
  return { ...session, ...mine?.change };
}

/** Send what holds with one thing changed. */
function choose(change) {
  mine = { session_id: car.evse.session.session_id, at: performance.now(), change: { ...mine?.change, ...change } };
  const { departure, energy_wish_kwh: energy, soc_target_frac: share, discharge_consent: gives } = wished();
  sendWishes({
    departure: departure && Date.parse(departure) > Date.parse(car.now) ? departure : null,
    energy_kwh: energy,
    soc_target_frac: energy === null ? share : null,
    discharge_consent: gives,
  });
  showChoices(car);
}

function fill(id, choices) {
  keepList(byId(id), choices, ({ key }) => key, create, update);
}

function create() {
  const [text, note] = [element("strong"), element("small")];
  const node = element("button", { type: "button" }, text, note);
  const item = { node, text, note, wish: {} };
  node.addEventListener("click", () => choose(item.wish));
  return item;
}

function update(item, { text, note = "", chosen, wish, barred = false }) {
  item.node.disabled = barred;
  setText(item.text, text);
  setText(item.note, note);
  setAttribute(item.node, "aria-pressed", chosen);
  item.wish = wish;
}
