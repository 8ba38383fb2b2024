/* Signals as spans of the time axis: limits and calls; prices have a curve of their own. */

import { t } from "../shell/i18n.js";

const CURVES = ["PRICE", "EXPORT_PRICE", "GHG"];

/** Start and end [ms] and the name of each signal that is no curve. */
export function shades(signals) {
  return signals
    .filter(({ kind }) => !CURVES.includes(kind))
    .map(({ kind, intervals }) => ({ start: Date.parse(intervals[0].start), end: Date.parse(intervals.at(-1).end), text: t(`event_${kind}`) }));
}
