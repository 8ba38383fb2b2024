/* A short message at the bottom, with an undo where there is one. */

import { byId, setHidden, setText } from "./dom.js";

const SHOWN_MS = 8000;
let timer = 0;
let undo = null;

export function onToast() {
  byId("toast-undo").addEventListener("click", async () => {
    const action = undo;
    hide();
    try {
      await action();
    } catch (error) {
      tell(error.message);
    }
  });
}

export const tell = (text) => offer(text, null);

export function offer(text, action) {
  undo = action;
  setText(byId("toast-text"), text);
  setHidden(byId("toast-undo"), action === null);
  setHidden(byId("toast"), false);
  clearTimeout(timer);
  timer = setTimeout(hide, SHOWN_MS);
}

function hide() {
  setHidden(byId("toast"), true);
}
