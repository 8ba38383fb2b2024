/* What counts as what, the same on every part of the page. */

/** What chargers speak; a simulated one speaks nothing. */
export const PROTOCOLS = { "ocpp1.6": "OCPP 1.6", "ocpp2.0.1": "OCPP 2.0.1", "ocpp2.1": "OCPP 2.1", mqtt: "MQTT" };

export const MOVING_KW = 0.1;
const SHORT_KWH = 0.5;

export const power = (evse) => evse.power_kw?.value ?? 0;
export const isCharging = (evse) => power(evse) > MOVING_KW;
export const isGiving = (evse) => power(evse) < -MOVING_KW;

const FEW = 3;

/** What needs attention, a line each: parts in trouble, and alarms, of many of one kind one with the `units` it is about. */
export function attention({ health, alarms }) {
  const kinds = Map.groupBy(alarms.filter(({ unit_id: unit }) => unit), ({ code }) => code);
  const many = (code) => (kinds.get(code)?.length ?? 0) > FEW;
  const summed = [...kinds.keys()].filter(many).map((code) => ({ code, units: kinds.get(code).map(({ unit_id: unit }) => unit) }));
  const single = alarms.filter(({ code, unit_id: unit }) => !unit || !many(code));
  return { parts: health.parts.filter(({ condition }) => condition !== "ok"), alarms: [...summed, ...single] };
}

/** Whether the plan does not reach what its driver was promised. */
export const isShort = (evse) => evse.session?.promise?.shortfall_kwh > SHORT_KWH;

/** Whether a reading is too old, or suspect. */
export const isStale = (reading, site) => reading.quality !== "good" || reading.age_s > site.stale_after_s;
