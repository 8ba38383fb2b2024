/* Publish the draft: after its preview, with a reason, with an undo. */

import { byId, setHidden, setText } from "../shell/dom.js";
import { t } from "../shell/i18n.js";
import { offer } from "../shell/toast.js";
import { form, reset } from "./draft.js";
import { answered } from "./preview.js";
import { publish, withdraw } from "./signals.js";

let refusal = "";

export function onPublishing() {
  byId("draft-reason").addEventListener("input", showPublishing);
  byId("draft-publish").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
}

export function showPublishing() {
  const [wanted, seen, reason] = [form(), answered(), byId("draft-reason").value.trim()];
  byId("draft-submit").disabled = !wanted || !seen || !reason;
  setText(byId("draft-hint"), refusal || t(!wanted ? "hint_change" : !seen ? "hint_wait" : !reason ? "hint_reason" : "hint_ready"));
  byId("draft-hint").classList.toggle("bad", Boolean(refusal));
  setHidden(byId("draft-reset"), !wanted);
}

async function send() {
  const wanted = form(byId("draft-reason").value.trim());
  byId("draft-submit").disabled = true;
  refusal = "";
  try {
    const signal = await publish(wanted);
    byId("draft-reason").value = "";
    reset();
    offer(t("published"), () => withdraw(signal));
  } catch (error) {
    refusal = error.message;
  }
  showPublishing();
}
