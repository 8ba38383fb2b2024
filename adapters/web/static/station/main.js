/* The station at a glance: is everything all right, and if not, what to do? */

import { openPage } from "../shell/shell.js";
import en from "../strings/en/station.js";
import zh from "../strings/zh/station.js";
import { showAlarms } from "./alarms.js";
import { showHeadline } from "./headline.js";
import { showNext } from "./next.js";
import { showParts, showSolver } from "./solver.js";
import { showTree } from "./tree.js";

openPage({
  strings: { en, zh },
  live(view) {
    showHeadline(view);
    showAlarms(view);
    showTree(view);
    showNext(view);
    showParts(view);
  },
  planned: showSolver,
});
