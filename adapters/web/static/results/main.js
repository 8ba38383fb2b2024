/* What did it bring? */

import { get } from "../shell/api.js";
import { byId, setAttribute, setClass } from "../shell/dom.js";
import { loadPlotly } from "../shell/plotly.js";
import { segments } from "../shell/segments.js";
import { openPage, showAll, untilAnswered, view } from "../shell/shell.js";
import en from "../strings/en/results.js";
import zh from "../strings/zh/results.js";
import { showFigures } from "./figures.js";
import { drawPlots } from "./plots.js";
import { showTable } from "./table.js";

const AGAIN_MS = 60_000;

let by = () => "day";
let loadedAt = 0;

async function load() {
  loadedAt = performance.now();
  view.results = await get(`results?by=${by()}`);
  for (const ending of ["csv", "parquet"]) setAttribute(byId(ending), "href", `/api/results/table.${ending}?by=${by()}`);
}

async function reload() {
  await untilAnswered(load);
  showAll();
}

openPage({
  strings: { en, zh },
  start() {
    by = segments("by", "day", reload);
    loadPlotly("cost-plot", showAll);
    byId("print").addEventListener("click", () => print());
  },
  load,
  all() {
    setClass(byId("main"), "");
    showFigures(view.results);
    drawPlots(view.results);
    showTable(view.results);
  },
  live() {
    if (performance.now() - loadedAt > AGAIN_MS) reload();
  },
});
