/* Where a time axis has its ticks. */

import * as format from "./format.js";

/** Ticks at whole hours of the station's wall time; the day at its midnight. Right on days that change the clock, too. */
export function timeTicks([from, to], most) {
  const stepH = [1, 2, 3, 4, 6, 12].find((h) => (to - from) / 3600e3 / h <= most) ?? 24;
  const tickvals = [];
  const ticktext = [];
  for (let at = Math.ceil(from / 900e3) * 900e3; at <= to; at += 900e3) {
    const wall = format.wallTime(new Date(at));
    if (wall.minute !== "00" || Number(wall.hour) % stepH) continue;
    tickvals.push(at);
    ticktext.push(wall.hour === "00" ? `<b>${format.day(new Date(at))}</b>` : `${wall.hour}:00`);
  }
  return { tickmode: "array", tickvals, ticktext };
}
