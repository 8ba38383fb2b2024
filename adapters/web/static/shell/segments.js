/* Buttons of which one is chosen. */

import { setAttribute } from "./dom.js";

/** Let buttons [data-NAME] choose its value; `chosen` is called with each new one. Returns what tells the present one. */
export function segments(name, first, chosen) {
  const buttons = [...document.querySelectorAll(`button[data-${name}]`)];
  let value = first;
  const mark = () => buttons.forEach((button) => setAttribute(button, "aria-pressed", button.dataset[name] === value));
  for (const button of buttons) {
    button.addEventListener("click", () => {
      value = button.dataset[name];
      mark();
      chosen(value);
    });
  }
  mark();
  return () => value;
}
