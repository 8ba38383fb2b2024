/* Numbers and instants in the reader's language and the station's time zone. Every number carries its unit. */

import { currentLanguage, t } from "./i18n.js";

const LOCALES = { en: "en-GB", zh: "zh-CN" };
const SPACE = "\u00a0";
const CLEAR_MS = 20 * 3600e3;
const MINUS = "\u2212";

let site = { time_zone: "UTC", currency: "EUR" };
const cache = new Map();

export function useSite(model) {
  site = model;
  cache.clear();
}

function cached(kind, name, options) {
  const key = `${currentLanguage()} ${name}`;
  if (!cache.has(key)) cache.set(key, new kind(LOCALES[currentLanguage()], options));
  return cache.get(key);
}

const inZone = (name, options) => cached(Intl.DateTimeFormat, name, { timeZone: site.time_zone, hourCycle: "h23", ...options });

export function number(value, digits = 0) {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const text = cached(Intl.NumberFormat, `number${digits}`, options).format(value);
  return Number(value.toFixed(digits)) === 0 ? text.replace("-", "") : text.replace("-", MINUS);
}

export const kw = (value, digits = Math.abs(value) < 99.95 ? 1 : 0) => `${number(value, digits)}${SPACE}kW`;
export const carbon = (value) => `${number(value, 0)}${SPACE}g/kWh`;
export const kwh = (value) => `${number(value, Math.abs(value) < 99.95 ? 1 : 0)}${SPACE}kWh`;
export const amount = (value, unit) => `${number(value, Math.abs(value) < 99.95 ? 1 : 0)}${SPACE}${unit}`;
export const percent = (frac, digits = 0) => `${number(100 * frac, digits)}\u202f%`;
export const seconds = (value) => (value < 1 ? `${number(1000 * value)}${SPACE}ms` : `${number(value, 1)}${SPACE}s`);

export function price(value) {
  const options = { style: "currency", currency: site.currency, currencyDisplay: "narrowSymbol", maximumFractionDigits: 3 };
  return `${cached(Intl.NumberFormat, "price", options).format(value).replace("-", MINUS)}/kWh`;
}

export function money(value, digits = 2) {
  const options = { style: "currency", currency: site.currency, currencyDisplay: "narrowSymbol", minimumFractionDigits: digits, maximumFractionDigits: digits };
  return cached(Intl.NumberFormat, `money${digits}`, options).format(value).replace("-", MINUS);
}

export const clock = (instant) => inZone("clock", { hour: "2-digit", minute: "2-digit" }).format(instant);
export const day = (instant) => inZone("day", { weekday: "short", day: "numeric", month: "short" }).format(instant);

/** An instant to the second. */
export const stamp = (instant) => inZone("stamp", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(instant);

/** A date of the station's calendar, as 2026-03-04, in the reader's words. */
export function date(text) {
  const options = { timeZone: "UTC", day: "numeric", month: "short", ...(text.startsWith(`${wallTime(new Date()).year}-`) ? {} : { year: "numeric" }) };
  return cached(Intl.DateTimeFormat, `date ${"year" in options}`, options).format(Date.parse(text));
}

/** The time, with the day where the time alone could mean another. */
export function when(instant, now) {
  return Math.abs(instant - now) < CLEAR_MS ? clock(instant) : `${day(instant)}, ${clock(instant)}`;
}

/** How long, as finely as it matters: seconds below a minute and a half, no minutes from three hours on. */
export function duration(durationS) {
  const minutes = Math.round(durationS / 60);
  if (durationS < 90) return t("seconds", Math.round(durationS));
  if (minutes < 60) return t("minutes", minutes);
  if (minutes < 180) return t("hours_minutes", { h: Math.floor(minutes / 60), min: minutes % 60 });
  return minutes < 48 * 60 ? t("hours_minutes", { h: Math.round(minutes / 60), min: 0 }) : t("days", Math.round(minutes / 1440));
}

/** The station's wall time of an instant as {year, month, day, hour, minute}. */
export function wallTime(instant) {
  const format = inZone("parts", { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" });
  return Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
}

/** An instant as an <input type="datetime-local"> of the station's time zone has it. */
export function toInput(instant) {
  const w = wallTime(instant);
  return `${w.year}-${w.month}-${w.day}T${w.hour}:${w.minute}`;
}

/** The instant that such an input means; null if it is empty. Twice, since the offset may differ at the first guess. */
export function fromInput(text) {
  if (!text) return null;
  const wanted = Date.parse(`${text}:00Z`);
  let guess = wanted;
  for (let i = 0; i < 2; i += 1) guess += wanted - Date.parse(`${toInput(new Date(guess))}:00Z`);
  return new Date(guess);
}

export function currencySymbol() {
  const options = { style: "currency", currency: site.currency, currencyDisplay: "narrowSymbol" };
  const parts = cached(Intl.NumberFormat, "price symbol", options).formatToParts(0);
  return parts.find(({ type }) => type === "currency").value;
}
