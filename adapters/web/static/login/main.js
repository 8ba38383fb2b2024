/* Logging in, or choosing a password by a one-time link: the link's secret stands after the #, which no server sees. */

import { change } from "../shell/api.js";
import { byId, setHidden, setText } from "../shell/dom.js";
import { addStrings, onLanguage, t, translatePage } from "../shell/i18n.js";
import en from "../strings/en/login.js";
import zh from "../strings/zh/login.js";

const link = new URLSearchParams(location.hash.slice(1)).get("link");
history.replaceState(null, "", location.pathname + location.search);
window.addEventListener("hashchange", () => location.reload()); // the link once more, in the same tab

/** Where to go then: only to a page of this station, whatever the address says. */
function next() {
  const asked = new URL(new URLSearchParams(location.search).get("next") ?? "/", location.origin);
  return asked.origin === location.origin ? asked.href : "/"; // its path alone could be read as another host's
}

function show() {
  document.title = t(link ? "choose_title" : "login_title");
  setText(byId("login-title"), t(link ? "choose_title" : "login_title"));
  setText(byId("login-text"), t(link ? "choose_text" : "login_text"));
  setText(byId("site-name"), "V2G");
}

async function enter(event) {
  event.preventDefault();
  setText(byId("login-error"), "");
  const password = byId("password").value;
  if (link && password !== byId("again").value) return setText(byId("login-error"), t("not_alike"));
  byId("login-go").disabled = true;
  try {
    if (link) await change("POST", "login/link", { link, password });
    else await change("POST", "login", { name: byId("name").value, password });
    location.assign(next());
  } catch (error) {
    const said = { 401: link ? "link_over" : "wrong", 404: "nobody_logs_in", 422: "poor", 429: "too_often" }[error.status];
    setText(byId("login-error"), said ? t(said) : error.message);
    byId("login-go").disabled = false;
  }
}

addStrings({ en, zh });
translatePage();
onLanguage(show);
show();
setHidden(byId("name-label"), link !== null);
setHidden(byId("again-label"), link === null);
setHidden(byId("login-help"), link !== null);
byId("name").required = link === null;
if (link) byId("password").autocomplete = "new-password";
byId("login").addEventListener("submit", enter);
byId(link ? "password" : "name").focus();
