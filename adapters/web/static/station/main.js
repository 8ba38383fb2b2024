/* The station at a glance: is everything all right, and if not, what to do? */

import { openPage } from "../shell/shell.js";
import en from "../strings/en/station.js";
import zh from "../strings/zh/station.js";
import { showAlarms } from "./alarms.js";
import { showHeadline } from "./headline.js";
import { showParts, showSolver } from "./solver.js";

openPage({
  strings: { en, zh },
  live(view) {
    showHeadline(view);
    showAlarms(view);
    showParts(view);
  },
  planned: showSolver,
});
