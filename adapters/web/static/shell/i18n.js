/* The reader's language: the browser's unless chosen; the shell's strings and the page's in one table each. */

import en from "../strings/en/shell.js";
import zh from "../strings/zh/shell.js";

const TABLES = { en: { ...en }, zh: { ...zh } };
const KEY = "language";

let language = choose();

function choose() {
  const chosen = localStorage.getItem(KEY);
  if (chosen in TABLES) return chosen;
  return navigator.languages.some((tag, i) => i === 0 && tag.toLowerCase().startsWith("zh")) ? "zh" : "en";
}

/** Add a page's strings to both languages. */
export function addStrings(strings) {
  for (const [name, table] of Object.entries(strings)) Object.assign(TABLES[name], table);
}

export const currentLanguage = () => language;

/** The string of a key, filled in if it is a sentence with holes. */
export function t(key, holes) {
  const entry = TABLES[language][key];
  if (entry === undefined) throw new Error(`no string ${key} in ${language}`);
  return typeof entry === "function" ? entry(holes) : entry;
}

/** Whether the current language has a string for a key that came from outside. */
export const has = (key) => key in TABLES[language];

/** Write all fixed strings of the page, and mark the chosen language. */
export function translatePage() {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll("[data-t-label]")) node.setAttribute(node.tagName === "OPTGROUP" ? "label" : "aria-label", t(node.dataset.tLabel));
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
}

/** Let the language buttons work; `changed` is called after the page's own strings were written. */
export function onLanguage(changed) {
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => {
      language = button.dataset.language;
      localStorage.setItem(KEY, language);
      translatePage();
      changed();
    });
  }
}
