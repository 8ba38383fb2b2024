/* What happens if I publish this? */

import { get } from "../shell/api.js";
import { openPage, view } from "../shell/shell.js";
import en from "../strings/en/prices.js";
import zh from "../strings/zh/prices.js";
import { followEffect, onEffect } from "./effect.js";
import { onPublish, showForm } from "./publish.js";
import { onSignals, showSignals } from "./signals.js";

async function loadSignals() {
  view.signals = await get("signals");
  if (view.state) showSignals(view);
  followEffect(view);
}

openPage({
  strings: { en, zh },
  start() {
    onPublish();
    onSignals(loadSignals);
    onEffect();
  },
  load: loadSignals,
  planned() {
    showForm(view);
    loadSignals();
  },
});
