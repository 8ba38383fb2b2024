/* What happens if I publish this? */

import { get } from "../shell/api.js";
import { byId, element, setAttribute } from "../shell/dom.js";
import { t } from "../shell/i18n.js";
import { openPage, view } from "../shell/shell.js";
import en from "../strings/en/prices.js";
import zh from "../strings/zh/prices.js";
import { KINDS, choose, draft, onDraft, reset, restate } from "./draft.js";
import { onEditor, showEditor } from "./editor.js";
import { followEffect, onEffect } from "./effect.js";
import { onFind, showFind } from "./find.js";
import { onHistory, reloadHistory, showHistory } from "./history.js";
import { followDraft, followPlan, onPreview, showPreview } from "./preview.js";
import { onPublish, showForm } from "./publish.js";
import { onPublishing, showPublishing } from "./publishing.js";
import { onSignals, showSignals } from "./signals.js";
import { showStepsTable } from "./steps_table.js";
import { onSurface, showSurface, showTable } from "./surface.js";

async function loadSignals() {
  view.signals = await get("signals");
  if (view.state) showSignals(view);
  followEffect(view);
}

/** What changed hands is in the list and in the history. */
async function published() {
  await Promise.all([loadSignals(), reloadHistory()]);
}

function showKinds() {
  const buttons = KINDS.map((kind) => {
    const button = element("button", { type: "button", "aria-pressed": String(kind === draft().kind) }, t(`short_${kind}`));
    button.addEventListener("click", () => {
      choose(kind);
      restate(view);
      showDraft();
    });
    return button;
  });
  byId("draft-kinds").replaceChildren(...buttons);
  setAttribute(byId("editor"), "aria-label", t(`kind_${draft().kind}`));
}

function showDraft() {
  showKinds();
  showEditor();
  showStepsTable();
  showFind();
  showSurface(view);
  showPublishing();
  followDraft();
}

openPage({
  strings: { en, zh },
  start() {
    onDraft(() => {
      restate(view);
      showDraft();
    });
    onEditor();
    onPreview(showPublishing);
    onPublishing();
    onFind();
    onSurface();
    byId("draft-reset").addEventListener("click", reset);
    onPublish();
    onSignals(published);
    onHistory();
    onEffect();
  },
  load: loadSignals,
  planned() {
    if (view.plan) {
      restate(view);
      showDraft();
      followPlan();
    }
    showPreview();
    showTable();
    showHistory();
    showForm(view);
    loadSignals();
  },
});
