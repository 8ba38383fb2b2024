/* What happened and what comes: measured left of now, planned right of it. */

import { get } from "../shell/api.js";
import { setAttribute } from "../shell/dom.js";
import { loadPlotly } from "../shell/plotly.js";
import { POINTS_A_WINDOW, appendState } from "../shell/series.js";
import { openPage, showAll, untilAnswered, view } from "../shell/shell.js";
import { onExports } from "../shell/tables.js";
import en from "../strings/en/timeline.js";
import zh from "../strings/zh/timeline.js";
import { showNumbers, showTables, showTimeline } from "./timeline.js";

const DRAW_EVERY_MS = 2000;

let hours = 12;
let drawnAt = 0;

async function loadHistory() {
  view.history = await get(`history?hours=${hours}&points=${POINTS_A_WINDOW}`);
}

async function load() {
  [view.signals] = await Promise.all([get("signals"), loadHistory()]);
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

/** Whether the signals known are those of the plan. */
function sameSignals() {
  const known = view.signals.map(({ signal_id: id }) => id);
  return known.length === view.plan.signal_ids.length && known.every((id) => view.plan.signal_ids.includes(id));
}

function draw() {
  drawnAt = performance.now();
  showTimeline(view, hours);
}

openPage({
  strings: { en, zh },
  start() {
    onWindow();
    onExports();
    loadPlotly("plot", showAll);
  },
  load,
  live() {
    showNumbers(view);
    if (appendState(view.history, view.state, hours) && performance.now() - drawnAt > DRAW_EVERY_MS) draw();
  },
  async planned() {
    showTables(view);
    draw();
    if (!view.plan || sameSignals()) return;
    view.signals = await untilAnswered(() => get("signals"));
    draw();
  },
});
