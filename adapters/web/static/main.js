/* Wiring: the live stream comes in, each part of the page shows its own. */

import { showAlarms } from "./alarms.js";
import { follow, get } from "./api.js";
import { showAssets } from "./assets.js";
import { onFilter, showChargers } from "./chargers.js";
import { byId, setAttribute, setClass, setHidden, setText } from "./dom.js";
import { followEffect, onEffect } from "./effect.js";
import * as format from "./format.js";
import { showHeadline } from "./headline.js";
import { onLanguage, t, translatePage } from "./i18n.js";
import { onPublish, showForm } from "./publish.js";
import { POINTS_A_WINDOW, appendState } from "./series.js";
import { onSignals, showSignals } from "./signals.js";
import { showParts, showSolver } from "./solver.js";
import { loadPlotly, showNumbers, showPlanTable, showTimeline } from "./timeline.js";
import { onToast } from "./toast.js";

const RETRY_MS = 2000;
const DRAW_EVERY_MS = 2000;

const view = { site: null, state: null, plan: null, history: null, signals: [] };
let hours = 12;
let drawnAt = 0;
let lostS = 0;

async function start() {
  translatePage();
  onLanguage(showAll);
  onFilter(showLive);
  onToast();
  onPublish();
  onSignals(loadSignals);
  onEffect();
  onWindow();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showAll);
  await untilAnswered(loadAll);
  document.title = view.site.name;
  setText(byId("site-name"), view.site.name);
  follow({ onOpen: opened, onState: gotState, onPlan: gotPlan, onLost: lost });
}

async function untilAnswered(load) {
  for (;;) {
    try {
      return await load();
    } catch (error) {
      if (!(error instanceof TypeError) && !(error.status >= 500)) throw error;
      setText(byId("sentence-power"), t("unreachable"));
      await new Promise((wake) => { setTimeout(wake, RETRY_MS); });
    }
  }
}

async function loadAll() {
  view.site = await get("site");
  format.useSite(view.site);
  await Promise.all([loadHistory(), loadSignals()]);
}

async function loadHistory() {
  view.history = await get(`history?hours=${hours}&points=${POINTS_A_WINDOW}`);
}

async function loadSignals() {
  view.signals = await get("signals");
  if (view.state) showSignals(view);
  followEffect(view);
}

function onWindow() {
  const buttons = [...document.querySelectorAll("[data-hours]")];
  const mark = () => buttons.forEach((button) => setAttribute(button, "aria-pressed", Number(button.dataset.hours) === hours));
  for (const button of buttons) {
    button.addEventListener("click", async () => {
      hours = Number(button.dataset.hours);
      mark();
      await untilAnswered(loadHistory);
      showAll();
    });
  }
  mark();
}

async function opened() {
  if (lostS > 0) await untilAnswered(loadAll);
  lostS = 0;
}

function gotState(state) {
  const first = view.state === null;
  view.state = state;
  const grown = appendState(view.history, state, hours);
  if (first) {
    setClass(byId("main"), "");
    loadPlotly(showAll);
    showAll();
    return;
  }
  showLive();
  if (grown && performance.now() - drawnAt > DRAW_EVERY_MS) draw();
}

function gotPlan(plan) {
  view.plan = plan;
  if (!view.state) return;
  loadSignals();
  showPlan();
}

function lost(silentS) {
  lostS = silentS;
  const at = view.state && format.clock(new Date(view.state.now));
  setText(byId("connection"), view.state ? t("lost", { ago: format.duration(silentS), at }) : t("unreachable"));
  setClass(byId("connection"), "connection lost");
  setClass(byId("main"), view.state ? "old" : "loading");
}

/** What changes every second. */
function showLive() {
  if (!view.state) return;
  const now = new Date(view.state.now);
  setText(byId("clock"), `${format.day(now)}, ${format.clock(now)}`);
  setAttribute(byId("clock"), "datetime", view.state.now);
  const fast = view.state.speed !== null && Math.abs(view.state.speed - 1) > 0.2;
  setHidden(byId("speed"), !fast);
  if (fast) setText(byId("speed"), t("demo_clock", { speed: format.number(view.state.speed) }));
  setText(byId("connection"), t("live"));
  setClass(byId("connection"), "connection");
  setClass(byId("main"), "");
  showHeadline(view);
  showNumbers(view);
  showAlarms(view);
  showAssets(view);
  showChargers(view);
  showParts(view);
}

/** What changes with the plan. */
function showPlan() {
  showSolver(view);
  showPlanTable(view);
  showForm(view);
  draw();
}

function draw() {
  drawnAt = performance.now();
  showTimeline(view, hours);
}

function showAll() {
  if (!view.state) return;
  showLive();
  showSignals(view);
  followEffect(view);
  showPlan();
}

start();
