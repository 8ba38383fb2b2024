/* What all pages share: strings, the header, the live stream. A page says what it loads and what it shows. */

import { get } from "./api.js";
import { byId, element, setAttribute, setClass, setHidden, setText } from "./dom.js";
import * as format from "./format.js";
import { addStrings, onLanguage, t, translatePage } from "./i18n.js";
import { attention } from "./meaning.js";
import { follow } from "./stream.js";
import { onToast } from "./toast.js";
import { followWho, showWho } from "./who.js";

const RETRY_MS = 2000;

/** What a page knows: who looks, the site, the live state, the latest plan, and what the page itself loads. */
export const view = { me: null, site: null, state: null, plan: null };

const nothing = () => {};
let page = null;
let loaded = false;
let lostS = 0;

/** Open a page.

    `strings` are its words {en, zh}; `start` is called once; `load` fetches what the page adds to `view`, again after a lost
    connection; `live` shows what changes every second, `planned` what changes with the plan, `all` everything in another
    language or colour scheme (default: both). */
export async function openPage({ strings, start = nothing, load = async () => {}, live = nothing, planned = nothing, all = nothing }) {
  page = { load, live, planned, all };
  addStrings(strings);
  translatePage();
  const link = document.querySelector(`[data-nav="${document.body.dataset.page}"]`);
  link?.setAttribute("aria-current", "page");
  link?.scrollIntoView({ block: "nearest", inline: "center" });
  onLanguage(showAll);
  onToast();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showAll);
  start();
  view.me = await untilAnswered(followWho);
  await untilAnswered(loadAll);
  loaded = true;
  setText(byId("site-name"), view.site.name);
  showAll();
  follow({ onOpen: opened, onState: gotState, onPlan: gotPlan, onLost: lost });
}

/** Try until the station answers; what it refuses is thrown. */
export async function untilAnswered(load) {
  for (;;) {
    try {
      return await load();
    } catch (error) {
      if (!(error instanceof TypeError) && !(error.status >= 500)) throw error;
      setText(byId("connection"), t("unreachable"));
      setClass(byId("connection"), "connection lost");
      await new Promise((wake) => { setTimeout(wake, RETRY_MS); });
    }
  }
}

/** Show everything anew, in the present language and colours. */
export function showAll() {
  if (!loaded) return;
  document.title = `${t(`page_${document.body.dataset.page}`)} · ${view.site.name}`;
  showWho(view.me);
  page.all(view);
  if (!view.state) return;
  showBar();
  page.live(view);
  page.planned(view);
}

async function loadAll() {
  view.site = await get("site");
  format.useSite(view.site);
  await page.load(view);
}

async function opened() {
  if (lostS > 0) await untilAnswered(loadAll);
  lostS = 0;
}

function gotState(state) {
  const first = view.state === null;
  view.state = state;
  setClass(byId("main"), "");
  if (first) {
    showAll();
    return;
  }
  showBar();
  page.live(view);
}

function gotPlan(plan) {
  view.plan = plan;
  if (view.state) page.planned(view);
}

function lost(silentS) {
  lostS = silentS;
  const at = view.state && format.clock(new Date(view.state.now));
  setText(byId("connection"), view.state ? t("lost", { ago: format.duration(silentS), at }) : t("unreachable"));
  setClass(byId("connection"), "connection lost");
  setClass(byId("main"), view.state ? "old" : "loading");
}

/** How many things need attention, beside the page that tells them. */
function showCount(state) {
  const link = document.querySelector('[data-nav="station"]');
  const { parts, alarms } = attention(state);
  const n = parts.length + alarms.length;
  let count = link.querySelector(".count");
  if (!count) link.append((count = element("span", { class: "count", role: "img" })));
  setHidden(count, n === 0);
  setText(count, String(n));
  setAttribute(count, "aria-label", t("need_attention", n));
}

function showBar() {
  showCount(view.state);
  const now = new Date(view.state.now);
  setText(byId("clock"), `${format.day(now)}, ${format.clock(now)}`);
  setAttribute(byId("clock"), "datetime", view.state.now);
  const fast = view.state.speed !== null && Math.abs(view.state.speed - 1) > 0.2;
  setHidden(byId("speed"), !fast);
  if (fast) setText(byId("speed"), t("demo_clock", { speed: format.number(view.state.speed) }));
  setText(byId("connection"), t("live"));
  setClass(byId("connection"), "connection");
}
