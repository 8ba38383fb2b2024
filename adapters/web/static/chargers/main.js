/* Who is where, and why does this car (not) charge? */

import { openPage, showAll } from "../shell/shell.js";
import en from "../strings/en/chargers.js";
import zh from "../strings/zh/chargers.js";
import { showAssets } from "./assets.js";
import { onFilter, showChargers } from "./chargers.js";
import { onSteer } from "./steer.js";

openPage({
  strings: { en, zh },
  start() {
    onFilter(showAll);
    onSteer();
  },
  live(view) {
    showChargers(view);
    showAssets(view);
  },
});
