/* Who or what changed this? */

import { get } from "../shell/api.js";
import { byId, element, fromTemplate, keepList, setClass, setHidden, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { has, t } from "../shell/i18n.js";
import { openPage, showAll, untilAnswered, view } from "../shell/shell.js";
import en from "../strings/en/audit.js";
import zh from "../strings/zh/audit.js";
import { summary } from "./summary.js";

const KINDS = ["signal", "withdrawal", "wishes", "override", "plan", "setpoints", "cuts", "login", "people", "machines"];
const TYPING_MS = 250;

let typing = 0;
let asked = 0;

function query(before) {
  const terms = new URLSearchParams({ kind: byId("audit-kind").value, text: byId("audit-text").value.trim() });
  if (before) terms.set("before", before);
  return `audit?${terms}`;
}

async function load() {
  asked += 1;
  const own = asked;
  const page = await get(query());
  if (own === asked) Object.assign(view, page);
}

async function search() {
  await untilAnswered(load);
  showAll();
}

async function showOlder() {
  const page = await get(query(view.older));
  view.entries.push(...page.entries);
  view.older = page.older;
  showAll();
}

/** Follow the chain to its end, a stretch at a time. */
async function followChain() {
  do {
    view.chain = await get("audit/chain");
    showChain();
  } while (!view.chain.whole && !view.chain.broken);
}

function showChain() {
  if (!view.chain) return;
  const { n, head, broken, whole } = view.chain;
  const key = broken ? "chain_broken" : whole ? "chain_whole" : "chain_so_far";
  setText(byId("chain"), t(key, { n: format.number(n), head: head.slice(0, 12), broken }));
  setClass(byId("chain"), `chain ${broken ? "bad" : whole ? "good" : ""}`);
}

const kindName = (kind) => (has(`kind_${kind}`) ? t(`kind_${kind}`) : kind);

function showKinds() {
  const select = byId("audit-kind");
  const chosen = select.value;
  select.replaceChildren(element("option", { value: "" }, t("kind_all")), ...KINDS.map((kind) => element("option", { value: kind }, kindName(kind))));
  select.value = chosen;
}

function showEntry({ parts }, { number, at, kind, facts, hash }) {
  setText(parts.number, format.number(number));
  setText(parts.at, format.stamp(new Date(at)));
  setText(parts.kind, kindName(kind));
  setText(parts.said, summary(kind, facts));
  setText(parts.facts, JSON.stringify(facts, null, 2));
  setText(parts.hash, `SHA-256 ${hash}`);
}

openPage({
  strings: { en, zh },
  start() {
    byId("search").addEventListener("submit", (event) => event.preventDefault());
    byId("audit-kind").addEventListener("change", search);
    byId("audit-text").addEventListener("input", () => {
      clearTimeout(typing);
      typing = setTimeout(search, TYPING_MS);
    });
    byId("older").addEventListener("click", showOlder);
    showKinds();
  },
  async load() {
    await load();
    followChain();
  },
  all() {
    setClass(byId("main"), "");
    byId("audit-text").placeholder = t("text_example");
    showKinds();
    showChain();
    keepList(byId("entries"), view.entries, ({ number }) => number, () => fromTemplate("audit-entry"), showEntry);
    setHidden(byId("entries-empty"), view.entries.length > 0);
    setHidden(byId("older"), view.older === null);
  },
});
