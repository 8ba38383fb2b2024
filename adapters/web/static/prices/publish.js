/* The form that publishes prices, limits and calls: what is written is shown before it is sent. */

import { byId, setHidden, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { t } from "../shell/i18n.js";
import { isPrice, publish, signalValue, withdraw } from "./signals.js";
import { drawSteps } from "./steps_svg.js";
import { clearTerms, readTerms, showTerms } from "./terms.js";
import { offer } from "../shell/toast.js";

const FIELDS = ["kind", "start", "step", "values", "reason"];
const QUARTER_MS = 900e3;

let view = null;
let touched = false;
let refusal = "";

export function onPublish() {
  for (const field of FIELDS) {
    byId(`form-${field}`).addEventListener("input", () => {
      touched ||= field === "start";
      changed();
    });
  }
  byId("publish").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
}

function changed() {
  refusal = "";
  showPreview();
}

async function send() {
  const { form } = read();
  if (!form) return;
  byId("form-submit").disabled = true;
  try {
    const signal = await publish(form);
    byId("form-values").value = "";
    byId("form-reason").value = "";
    clearTerms();
    touched = false;
    offer(t("published"), () => withdraw(signal));
  } catch (error) {
    refusal = error.message;
  }
  showPreview();
}

/** Keep the form's present: labels, the next quarter-hour as start, what is in force to compare with. */
export function showForm(current) {
  view = current;
  if (!touched) byId("form-start").value = format.toInput(new Date(Math.ceil(Date.parse(view.state.now) / QUARTER_MS) * QUARTER_MS));
  showPreview();
}

function showPreview() {
  if (!view) return;
  const facts = factsOf(byId("form-kind").value);
  const { kind } = facts;
  showTerms(facts, changed);
  setText(byId("form-values-label"), t("values_of", { unit: isPrice(kind) ? `${format.currencySymbol()}/kWh` : facts.unit }));
  setText(byId("form-values-help"), t(`values_help_${helpOf(facts)}`));
  const { form, error } = read();
  byId("form-submit").disabled = !form;
  setText(byId("form-error"), refusal || error || "");
  setHidden(byId("form-error"), !refusal && !error);
  const stepMs = form ? form.step_minutes * 60e3 : 0;
  const start = form ? Date.parse(form.start) : 0;
  const wanted = form ? form.values.map((value, i) => ({ start: start + i * stepMs, end: start + (i + 1) * stepMs, value })) : [];
  drawSteps(byId("preview-chart"), [
    { intervals: asItIs(kind, wanted[0]?.start, wanted.at(-1)?.end), kind: "before" },
    { intervals: wanted, kind: isPrice(kind) ? "price" : "limit" },
  ]);
  setText(byId("preview-words"), form ? previewWords(form, wanted) : t("preview_empty"));
}

function previewWords({ kind, values }, wanted) {
  const now = new Date(view.state.now);
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => signalValue(kind, value));
  const [from, to] = [wanted[0].start, wanted.at(-1).end].map((at) => format.when(new Date(at), now));
  const current = { PRICE: view.state.import_price_per_kwh, IMPORT_CAPACITY_LIMIT: view.state.import_limit_kw, EXPORT_CAPACITY_LIMIT: view.state.export_limit_kw, DISPATCH_SETPOINT: view.state.site_power_kw?.value }[kind];
  const words = t("preview_words", { from, to, least, most });
  return current == null ? words : `${words} ${t("preview_now", signalValue(kind, current))}`;
}

const factsOf = (wanted) => view.site.signals.find(({ kind }) => kind === wanted);

function helpOf({ kind, contract }) {
  if (isPrice(kind)) return "price";
  if (kind === "GHG" || kind === "DISPATCH_SETPOINT") return kind;
  return Object.keys(contract).length ? "call" : "limit";
}

/** What the plan reckons with over the next half day, or over the curve's own span if that is longer. */
function asItIs(kind, from, to) {
  const { plan, state } = view;
  const series = plan && { PRICE: plan.import_price_per_kwh, EXPORT_PRICE: plan.export_price_per_kwh, IMPORT_CAPACITY_LIMIT: plan.import_limit_kw, DISPATCH_SETPOINT: plan.import_kw.map((kw, i) => kw - plan.export_kw[i]) }[kind];
  if (!series) return [];
  const now = Date.parse(state.now);
  const [low, high] = [now, Math.max(to ?? 0, now + 12 * 3600e3)];
  return plan.starts
    .map((text, i) => ({ start: Math.max(Date.parse(text), low), end: Math.min(Date.parse(text) + plan.step_h[i] * 3600e3, high), value: series[i] }))
    .filter(({ start, end, value }) => end > start && value !== null);
}

/** The form as the API takes it, or what is wrong with it; neither while nothing is written. */
function read() {
  const words = byId("form-values").value.trim().split(/[\s,;，；]+/).filter(Boolean);
  const start = format.fromInput(byId("form-start").value);
  if (!view || !words.length) return {};
  if (!start) return { error: t("bad_start") };
  const wrong = words.find((word) => !Number.isFinite(Number(word)));
  if (wrong) return { error: t("bad_number", wrong) };
  const facts = factsOf(byId("form-kind").value);
  const { least, most } = facts.values;
  const beyond = words.map(Number).find((value) => value < least || value > most);
  if (beyond !== undefined) return { error: t("bad_value", { value: signalValue(facts.kind, beyond), least: signalValue(facts.kind, least), most: signalValue(facts.kind, most) }) };
  const { contract, error } = readTerms(facts);
  if (error) return { error };
  const form = {
    kind: facts.kind,
    contract,
    start: start.toISOString(),
    step_minutes: Number(byId("form-step").value),
    values: words.map(Number),
    source: "dashboard",
    reason: byId("form-reason").value.trim(),
  };
  return { form };
}
