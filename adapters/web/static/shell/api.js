/* The station's API: plain calls. */

import { byId } from "./dom.js";

const TOKEN_KEY = "token";

class Problem extends Error {
  constructor({ detail, place, mend, status }) {
    super([place, detail, mend].filter(Boolean).join(" · "));
    this.status = status;
  }
}

export async function get(path) {
  return answer(await fetch(`/api/${path}`, { cache: "no-store" }));
}

/** Change or ask something; asks for the token once if the daemon wants one. An AbortSignal gives it up. */
export async function change(method, path, body, { signal } = {}) {
  const send = () => {
    const headers = { "Content-Type": "application/json" };
    const token = sessionStorage.getItem(TOKEN_KEY);
    if (token) headers.Authorization = `Bearer ${token}`;
    return fetch(`/api/${path}`, { method, headers, body: body && JSON.stringify(body), signal });
  };
  let response = await send();
  if (response.status === 401 && (await askForToken())) response = await send();
  return answer(response);
}

async function answer(response) {
  if (response.status === 204) return null;
  const body = await response.json();
  if (!response.ok) throw new Problem(body);
  return body;
}

function askForToken() {
  const dialog = byId("token-dialog");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    const closed = () => {
      sessionStorage.setItem(TOKEN_KEY, byId("token").value);
      byId("token").value = "";
      resolve(dialog.returnValue === "ok");
    };
    dialog.addEventListener("close", closed, { once: true });
  });
}
