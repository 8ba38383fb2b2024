/* The station's API: plain calls. Who has to log in and has not is sent to the page where one does. */

import { byId } from "./dom.js";

const TOKEN_KEY = "token";
const CSRF_COOKIE = /(?:^|; )v2g_csrf=([0-9a-f]+)/;
let logsIn = false;

class Problem extends Error {
  constructor({ detail, place, mend, status }) {
    super([place, detail, mend].filter(Boolean).join(" · "));
    this.status = status;
  }
}

export async function get(path) {
  return answer(await fetch(`/api/${path}`, { cache: "no-store" }));
}

/** Who one is here; goes to the login page if one has to log in first. */
export async function whoAmI() {
  const me = await get("me");
  logsIn = me.logs_in;
  if (logsIn && me.name === null) await goAndLogIn();
  return me;
}

/** Leave for the login page, which comes back here; never returns. */
function goAndLogIn() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  return new Promise(() => {});
}

/** Change or ask something; asks for the token once if the daemon wants one. An AbortSignal gives it up. */
export async function change(method, path, body, { signal } = {}) {
  const send = () => {
    const headers = { "Content-Type": "application/json" };
    const csrf = CSRF_COOKIE.exec(document.cookie);
    if (csrf) headers["X-CSRF-Token"] = csrf[1];
    const token = sessionStorage.getItem(TOKEN_KEY);
    if (token) headers.Authorization = `Bearer ${token}`;
    return fetch(`/api/${path}`, { method, headers, body: body && JSON.stringify(body), signal });
  };
  let response = await send();
  if (response.status === 401 && !logsIn && !path.startsWith("login") && (await askForToken())) response = await send();
  return answer(response);
}

async function answer(response) {
  if (response.status === 204) return null;
  if (response.status === 401 && logsIn) await goAndLogIn();
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
