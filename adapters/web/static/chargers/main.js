/* Who is where, and why does this car (not) charge? */

import { openPage, showAll } from "../shell/shell.js";
import en from "../strings/en/chargers.js";
import zh from "../strings/zh/chargers.js";
import { showAssets } from "./assets.js";
import { onFilter, showChargers } from "./chargers.js";

openPage({
  strings: { en, zh },
  start: () => onFilter(showAll),
  live(view) {
    showChargers(view);
    showAssets(view);
  },
});
