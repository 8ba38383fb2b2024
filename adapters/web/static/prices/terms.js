/* The contract of a call: which terms a kind has, what people wrote for them, and what a contract says in words. */

import { byId, element, setHidden } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { t } from "../shell/i18n.js";

/* Terms that are shares are written as percentages. */
const SCALE = { owed_frac: 100 };
const isReserve = (kind) => kind.startsWith("RESERVE");
const fields = new Map();
let shownFor = "";

export function unitOfTerm(kind, name) {
  if (name === "owed_frac") return "%";
  if (name === "payment" || name === "penalty") return `${format.currencySymbol()}/kW${isReserve(kind) ? "·h" : "h"}`;
  return name.endsWith("_kw") ? "kW" : "h";
}

/** Show an input for each term of a kind; what was written stays while the kind and the language do. */
export function showTerms({ kind, contract }, changed) {
  const names = Object.keys(contract);
  const key = [kind, t("term_payment")].join();
  if (shownFor === key) return;
  shownFor = key;
  fields.clear();
  const labels = names.map((name) => {
    const input = element("input", { type: "text", inputmode: "decimal", id: `form-${name}`, placeholder: t(`term_default_${name}`) });
    input.addEventListener("input", changed);
    fields.set(name, input);
    return element("label", {}, element("span", {}, `${t(`term_${name}`)} (${unitOfTerm(kind, name)})`), input);
  });
  byId("form-terms").replaceChildren(...labels);
  setHidden(byId("form-terms"), names.length === 0);
}

export function clearTerms() {
  for (const input of fields.values()) input.value = "";
}

/** The contract as the API takes it, null where the kind has none; or what is wrong with it. */
export function readTerms({ kind, contract: bounds }) {
  if (!fields.size) return { contract: null };
  const contract = {};
  for (const [name, input] of fields) {
    const text = input.value.trim();
    if (!text) continue;
    const scale = SCALE[name] ?? 1;
    const value = Number(text) / scale;
    const { least, most } = bounds[name];
    if (!Number.isFinite(value)) return { error: t("bad_number", text) };
    if (value < least || value > most) {
      const range = [least, most].map((bound) => format.number(bound * scale));
      return { error: t("bad_term", { term: t(`term_${name}`), least: range[0], most: `${range[1]} ${unitOfTerm(kind, name)}` }) };
    }
    contract[name] = value;
  }
  const paid = (contract.penalty ?? 0) > 0 || (contract.payment ?? 0) > 0;
  if (!paid) return { error: t(bounds.payment ? "bad_no_money" : "bad_no_penalty") };
  if ("rebound_cap_kw" in contract !== (contract.rebound_h ?? 0) > 0) return { error: t("bad_rebound") };
  return { contract };
}

/** What a contract pays, fines and asks. */
export function contractText(kind, contract) {
  if (!contract) return "";
  const per = (value) => `${format.money(value)}/kW${isReserve(kind) ? "·h" : "h"}`;
  const parts = [];
  if (contract.payment > 0) parts.push(t("contract_pays", per(contract.payment)));
  if (contract.penalty > 0) parts.push(t("contract_fines", per(contract.penalty)));
  if (contract.rebound_cap_kw !== null) parts.push(t("contract_rebound", { cap: format.kw(contract.rebound_cap_kw), h: format.number(contract.rebound_h, contract.rebound_h % 1 ? 1 : 0) }));
  if (contract.offer_max_kw > 0) parts.push(t("contract_offer", format.kw(contract.offer_max_kw)));
  return parts.join(t("comma"));
}
