/* Who looks at the page, and the way out. */

import { change, whoAmI } from "./api.js";
import { byId, element } from "./dom.js";
import { t } from "./i18n.js";

const LOOK_MS = 60_000;
/** Pages that are only for those with the right of the same name. */
const NEED_RIGHTS = ["people", "audit"];

/** Who one is; from then on, whether one still is. */
export async function followWho() {
  const me = await whoAmI();
  if (me.logs_in) setInterval(() => whoAmI().catch(() => {}), LOOK_MS); // where the station is away, the header says so
  return me;
}

export function showWho(me) {
  for (const name of NEED_RIGHTS) for (const link of document.querySelectorAll(`[data-nav="${name}"]`)) link.hidden = !me.rights.includes(name);
  if (!me.logs_in) return;
  const leave = element("button", { type: "button", id: "log-out" }, t("log_out"));
  leave.addEventListener("click", async () => {
    await change("POST", "logout");
    location.assign("/login");
  });
  byId("who").replaceChildren(element("p", {}, me.name, element("span", { class: "quiet" }, ` · ${t(`role_${me.role}`)}`)), leave);
}
