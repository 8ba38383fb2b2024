/* What people order an outlet to do, and say for its driver: with a reason, an end and an undo. */

import { change, get } from "../shell/api.js";
import { byId, setHidden, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { t } from "../shell/i18n.js";
import { segments } from "../shell/segments.js";
import { offer, tell } from "../shell/toast.js";

const path = (evse, what) => `evses/${encodeURIComponent(evse.evse_id)}/${what}`;

let about = null;
let station = null;
let deed = () => "pause";
let hours = () => "1";

/** Let the dialog work; a card opens it by `openSteer`. */
export function onSteer() {
  deed = segments("deed", "pause", showFields);
  hours = segments("lasts", "1", () => {});
  byId("steer").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  for (const id of ["steer-cancel", "code-close"]) byId(id).addEventListener("click", () => byId(id).closest("dialog").close());
  byId("code-print").addEventListener("click", () => print());
}

export function openSteer(evse, now) {
  [about, station] = [evse, now];
  setText(byId("steer-title"), t("steer_title", evse.evse_id));
  setHidden(byId("steer-error"), true);
  setHidden(document.querySelector('[data-deed="wishes"]'), evse.session === null);
  const session = evse.session;
  byId("steer-departure").value = session?.departure ? format.toInput(new Date(session.departure)) : "";
  byId("steer-energy").value = session?.energy_wish_kwh ?? "";
  byId("steer-gives").checked = session?.discharge_consent ?? false;
  if (!session && deed() === "wishes") document.querySelector('[data-deed="pause"]').click();
  showFields();
  byId("steer-dialog").showModal();
}

function showFields() {
  for (const node of document.querySelectorAll("[data-for]")) setHidden(node, !node.dataset.for.split(" ").includes(deed()));
  setText(byId("steer-hint"), t(`hint_${deed()}`));
}

async function send() {
  try {
    await (deed() === "wishes" ? sendWishes() : sendOrder());
    byId("steer-dialog").close();
    byId("steer-reason").value = "";
  } catch (error) {
    setText(byId("steer-error"), error.message);
    setHidden(byId("steer-error"), false);
  }
}

async function sendOrder() {
  const evse = about;
  const until = new Date(+station + Number(hours()) * 3600e3).toISOString();
  const order = { kind: deed(), reason: byId("steer-reason").value.trim(), until };
  if (order.kind === "limit") order.max_kw = Number(byId("steer-limit").value);
  await change("PUT", path(evse, "override"), order);
  offer(t("ordered", evse.evse_id), () => lift(evse));
}

async function sendWishes() {
  const evse = about;
  const before = await get(path(evse, "wishes"));
  const energy = byId("steer-energy").value;
  const wishes = {
    ...before,
    departure: format.fromInput(byId("steer-departure").value)?.toISOString() ?? null,
    energy_kwh: energy === "" ? null : Number(energy),
    soc_target_frac: energy === "" ? before.soc_target_frac : null,
    discharge_consent: byId("steer-gives").checked,
  };
  await change("POST", path(evse, "wishes"), wishes);
  offer(t("wishes_set", evse.evse_id), () => change("POST", path(evse, "wishes"), before));
}

/** End an order before its time. */
export async function lift(evse) {
  try {
    await change("DELETE", path(evse, "override"));
    tell(t("lifted", evse.evse_id));
  } catch (error) {
    tell(error.message);
  }
}

/** Show an outlet's code for drivers, to print and put on it. */
export async function openCode(evse) {
  try {
    const { url, qr } = await get(path(evse, "driver-link"));
    setText(byId("code-title"), t("code_title", evse.evse_id));
    byId("code-image").src = qr;
    byId("code-image").alt = t("code_alt", evse.evse_id);
    byId("code-url").href = url;
    setText(byId("code-url"), url);
    byId("code-dialog").showModal();
  } catch (error) {
    tell(error.message);
  }
}

/** What is ordered at an outlet, in a sentence. */
export function orderText({ kind, by, until, reason, max_kw: most }, now) {
  const what = t(`order_${kind}`, most === null ? "" : format.kw(most));
  return t("order", { what, by, until: format.when(new Date(until), now), reason });
}
