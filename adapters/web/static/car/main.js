/* Will my car be ready, and what do I get? */

import { ask, send } from "./calls.js";
import { showAnswer } from "./answer.js";
import { onChoices, showChoices } from "./choices.js";
import { byId, setClass, setHidden, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { addStrings, onLanguage, t, translatePage } from "../shell/i18n.js";
import en from "../strings/en/car.js";
import zh from "../strings/zh/car.js";

const LOOK_MS = 2000;
const WORKING_MS = 30_000;

let car = null;
let sentAt = -Infinity;
let sentTick = null;

async function look() {
  try {
    car = await ask();
    show();
  } catch (error) {
    setText(byId("car-title"), error.status === 404 ? t("wrong_code") : t("unreachable"));
    setClass(byId("main"), "old");
  }
}

function show() {
  if (!car) return;
  format.useSite(car);
  setClass(byId("main"), "");
  document.title = `${car.evse.evse_id} · ${car.site}`;
  showAnswer(car);
  setHidden(byId("other-phone"), car.speaks);
  setHidden(byId("wishes"), !car.evse.session || !car.speaks);
  if (car.evse.session && car.speaks) showChoices(car);
  const working = sentTick === car.tick && performance.now() - sentAt < WORKING_MS;
  setHidden(byId("car-working"), !working);
}

async function wish(wishes) {
  setHidden(byId("car-error"), true);
  sentAt = performance.now();
  sentTick = car.tick;
  try {
    await send(wishes);
  } catch (error) {
    sentTick = null;
    setText(byId("car-error"), error.status === 403 ? t("not_taken") : error.message);
    setHidden(byId("car-error"), false);
  }
  await look();
}

addStrings({ en, zh });
translatePage();
onLanguage(show);
onChoices(wish);
await look();
setInterval(() => document.hidden || look(), LOOK_MS);
