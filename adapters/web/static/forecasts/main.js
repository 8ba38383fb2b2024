/* Can I trust what it expects? */

import { get } from "../shell/api.js";
import { byId, setClass } from "../shell/dom.js";
import { loadPlotly } from "../shell/plotly.js";
import { segments } from "../shell/segments.js";
import { openPage, showAll, untilAnswered, view } from "../shell/shell.js";
import { onExports } from "../shell/tables.js";
import en from "../strings/en/forecasts.js";
import zh from "../strings/zh/forecasts.js";
import { showCame } from "./came.js";
import { showDays } from "./days.js";
import { showModels } from "./models.js";

const DAYS = 28;
const AGAIN_MS = 30_000;
const POINTS = 288;

let ago = () => "24";
let loadedAt = 0;

async function load() {
  loadedAt = performance.now();
  const [told, made, history] = await Promise.all([get(`forecasts?days=${DAYS}`), getMade(), get(`history?hours=${ago()}&points=${POINTS}`)]);
  Object.assign(view, { told, made, history });
}

/** The forecast that was made then, null where none was kept. */
async function getMade() {
  try {
    return await get(`forecasts/made?ago_h=${ago()}`);
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

async function reload() {
  await untilAnswered(load);
  showAll();
}

openPage({
  strings: { en, zh },
  start() {
    ago = segments("ago", "24", reload);
    onExports();
    loadPlotly("came-plot", showAll);
  },
  load,
  all() {
    setClass(byId("main"), "");
    showModels(view);
    showCame(view);
    showDays(view);
  },
  live() {
    if (performance.now() - loadedAt > AGAIN_MS) reload();
  },
});
