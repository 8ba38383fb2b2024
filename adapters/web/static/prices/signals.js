/* What is published: a list with withdrawal in two steps and an undo. */

import { change } from "../shell/api.js";
import { byId, fromTemplate, keepList, setHidden, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { t } from "../shell/i18n.js";
import { drawSteps, inMs } from "./steps_svg.js";
import { contractText } from "./terms.js";
import { offer, tell } from "../shell/toast.js";

export const isPrice = (kind) => kind === "PRICE" || kind === "EXPORT_PRICE";
export const signalValue = (kind, value) => (isPrice(kind) ? format.price(value) : kind === "GHG" ? format.carbon(value) : format.kw(value));

let reload = async () => {};

/** `changed` is called after something was published or withdrawn. */
export function onSignals(changed) {
  reload = changed;
}

export function showSignals({ signals, state }) {
  const now = new Date(state.now);
  setHidden(byId("signals-empty"), signals.length > 0);
  keepList(byId("signals"), signals, (signal) => signal.signal_id, create, (item, signal) => update(item, signal, now));
}

export async function withdraw(signal) {
  await change("DELETE", `signals/${encodeURIComponent(signal.signal_id)}`);
  await reload();
}

/** Publish a form; returns the signal. */
export async function publish(form) {
  const signal = await change("POST", "signals", form);
  await reload();
  return signal;
}

function create(signal) {
  const { node, parts } = fromTemplate("signal-item");
  const ask = (asking) => {
    setHidden(parts.withdraw, asking);
    setHidden(parts.sure, !asking);
    setHidden(parts.keep, !asking);
  };
  parts.withdraw.addEventListener("click", () => ask(true));
  parts.keep.addEventListener("click", () => ask(false));
  parts.sure.addEventListener("click", () => takeBack(signal));
  return { node, parts };
}

async function takeBack(signal) {
  const { kind, priority, source, reason, intervals, contract } = signal;
  try {
    await withdraw(signal);
    offer(t("withdrawn"), () => publish({ kind, priority, source, reason, intervals, contract }));
  } catch (error) {
    tell(error.message);
  }
}

function update({ parts }, { kind, intervals, source, reason, unit, contract }, now) {
  const values = intervals.map(({ value }) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => signalValue(kind, value));
  const [from, to] = [intervals[0].start, intervals.at(-1).end].map((at) => format.when(new Date(at), now));
  setText(parts.kind, t(`kind_${kind}`));
  setText(parts.values, t("signal_values", { least, most, unit }));
  setText(parts.contract, contractText(kind, contract));
  setHidden(parts.contract, contract === null);
  setText(parts.when, t("signal_when", { from, to }));
  setText(parts.source, reason ? `${source}: ${reason}` : source);
  for (const [part, key] of Object.entries({ withdraw: "withdraw", sure: "withdraw_sure", keep: "keep" })) setText(parts[part], t(key));
  drawSteps(parts.chart, [{ intervals: inMs(intervals), kind: isPrice(kind) ? "price" : "limit" }]);
}
