/* All signals ever published, who did it and what became of them; fetched when it is opened. */

import { get } from "../shell/api.js";
import { byId, element, fillTable, setHidden, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { t } from "../shell/i18n.js";
import { view } from "../shell/shell.js";
import { signalValue } from "./signals.js";

const PAGE = 50;

let items = [];
let next = null;

export function onHistory() {
  byId("history").addEventListener("toggle", reloadHistory);
  byId("history-more").addEventListener("click", () => load(next));
}

/** Begin anew with the newest, where it is open. */
export async function reloadHistory() {
  if (!byId("history").open) return;
  items = [];
  await load(null);
}

async function load(cursor) {
  try {
    const page = await get(`signals/past?limit=${PAGE}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    items = [...items, ...page.items];
    next = page.next;
    showHistory();
  } catch (error) {
    byId("history-table").replaceChildren(element("caption", {}, error.message));
  }
}

/** Fill the table again, in another language. */
export function showHistory() {
  setHidden(byId("history-more"), next === null);
  setText(byId("history-more"), t("history_more"));
  fillTable(byId("history-table"), ["col_issued", "col_what", "col_values", "col_window", "col_by", "col_reason", "col_state"].map((key) => t(key)), items.map(row));
}

function row({ signal, published_by: by, withdrawn_at: withdrawnAt, withdrawn_by: withdrawnBy }) {
  const { kind, intervals, issued_at: issued, source, reason } = signal;
  const values = intervals.map(({ value }) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => signalValue(kind, value));
  const at = (text) => `${format.day(new Date(text))}, ${format.clock(new Date(text))}`;
  const over = Date.parse(intervals.at(-1).end) < Date.parse(view.state.now);
  const state = withdrawnAt ? t("state_withdrawn", { at: at(withdrawnAt), by: withdrawnBy }) : t(over ? "state_over" : "state_standing");
  return [at(issued), t(`kind_${kind}`), t("signal_values", { least, most }), t("signal_when", { from: at(intervals[0].start), to: at(intervals.at(-1).end) }), by || source, reason, state];
}
