/* From history and plan to series over one time axis. Use is above zero, supply below. */

export const POINTS_A_WINDOW = 400;

/** The plan's step at an instant. */
export function planIndexAt(plan, instant) {
  const after = plan.starts.findIndex((start) => new Date(start) > instant);
  return after < 0 ? plan.starts.length - 1 : Math.max(after - 1, 0);
}

/** Add the live picture to the history, sparsely, and forget what left the window. */
export function appendState(history, state, hours) {
  const last = history.at.at(-1);
  const spanMs = hours * 3600e3;
  const now = Date.parse(state.now);
  if (state.site_power_kw === null || (last && now - Date.parse(last) < spanMs / POINTS_A_WINDOW)) return false;
  history.at.push(state.now);
  history.import_kw.push(state.site_power_kw.value);
  history.load_kw.push(state.load_kw?.value ?? null);
  history.pv_kw.push(state.pv_kw?.value ?? 0);
  history.charge_kw.push(state.charge_kw);
  history.discharge_kw.push(state.discharge_kw);
  history.asset_kw.push(state.asset_kw);
  history.import_limit_kw.push(state.import_limit_kw);
  history.price_per_kwh.push(state.import_price_per_kwh ?? history.price_per_kwh.at(-1) ?? 0);
  const old = history.at.findIndex((at) => now - Date.parse(at) <= spanMs);
  if (old > POINTS_A_WINDOW / 8) for (const values of Object.values(history)) values.splice(0, old);
  return true;
}

/** What was measured, as rows over time; what nobody else used must have been the battery. */
export function measuredSeries(history, hasBattery) {
  const battery = history.at.map((_, i) => {
    const others = history.load_kw[i] - history.pv_kw[i] + history.charge_kw[i] - history.discharge_kw[i] + history.asset_kw[i];
    return hasBattery && history.load_kw[i] !== null ? history.import_kw[i] - others : 0;
  });
  return rows({
    at: history.at.map((at) => Date.parse(at)),
    building: history.load_kw,
    assets: history.asset_kw,
    pv: history.pv_kw,
    charging: history.charge_kw,
    giving: history.discharge_kw,
    battery,
    import: history.import_kw,
    limit: history.import_limit_kw,
    price: history.price_per_kwh,
  });
}

/** What is planned from `now` on, as rows over the steps' starts, closed by the last step's end. */
export function plannedSeries(plan, now, batteryIds, assetIds) {
  const first = planIndexAt(plan, now);
  const steps = plan.starts.slice(first).map((_, i) => first + i);
  const end = Date.parse(plan.starts.at(-1)) + plan.step_h.at(-1) * 3600e3;
  const closed = (of) => [...steps.map(of), of(steps.at(-1))];
  const sum = (units, part) => closed((i) => units.reduce((total, unit) => total + part(unit.power_kw[i]), 0));
  const batteries = plan.units.filter((unit) => batteryIds.includes(unit.unit_id));
  const assets = plan.units.filter((unit) => assetIds.includes(unit.unit_id));
  const cars = plan.units.filter((unit) => !batteryIds.includes(unit.unit_id) && !assetIds.includes(unit.unit_id));
  return rows({
    at: [+now, ...steps.slice(1).map((i) => Date.parse(plan.starts[i])), end],
    building: closed((i) => plan.load_kw[i]),
    assets: sum(assets, (kw) => kw),
    pv: closed((i) => plan.pv_kw[i]),
    charging: sum(cars, (kw) => Math.max(kw, 0)),
    giving: sum(cars, (kw) => Math.max(-kw, 0)),
    battery: sum(batteries, (kw) => kw),
    import: closed((i) => plan.import_kw[i] - plan.export_kw[i]),
    import_low: closed((i) => plan.import_kw[i] - plan.export_kw[i] + plan.load_low_kw[i] - plan.load_kw[i]),
    import_high: closed((i) => plan.import_kw[i] - plan.export_kw[i] + plan.load_high_kw[i] - plan.load_kw[i]),
    limit: closed((i) => plan.import_limit_kw[i]),
    price: closed((i) => plan.import_price_per_kwh[i]),
    price_low: closed((i) => plan.import_price_low_per_kwh[i]),
    price_high: closed((i) => plan.import_price_high_per_kwh[i]),
  });
}

/** Split what flows both ways and turn supply below zero. */
function rows(series) {
  return {
    ...series,
    battery_in: series.battery.map((kw) => Math.max(kw, 0)),
    battery_out: series.battery.map((kw) => Math.min(kw, 0)),
    assets_in: series.assets.map((kw) => Math.max(kw, 0)),
    assets_out: series.assets.map((kw) => Math.min(kw, 0)),
    pv_out: series.pv.map((kw) => -kw),
    giving_out: series.giving.map((kw) => -kw),
  };
}

/** The values of a series at an instant: the last at or before it. */
export function valuesAt(series, instant) {
  let low = 0;
  let high = series.at.length - 1;
  if (high < 0 || instant < series.at[0]) return null;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (series.at[middle] <= instant) low = middle;
    else high = middle - 1;
  }
  return Object.fromEntries(Object.entries(series).map(([name, values]) => [name, values[low]]));
}
