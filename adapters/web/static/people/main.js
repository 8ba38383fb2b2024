/* Who may log in, and which machines have tokens. */

import { change, get } from "../shell/api.js";
import { byId, element, setHidden, setText } from "../shell/dom.js";
import * as format from "../shell/format.js";
import { t } from "../shell/i18n.js";
import { openPage, view } from "../shell/shell.js";
import { tell } from "../shell/toast.js";
import en from "../strings/en/people.js";
import zh from "../strings/zh/people.js";

const ROLES = ["viewer", "operator", "grid_operator", "admin"];

async function load() {
  view.people = view.machines = [];
  if (!view.me.rights.includes("people")) return;
  [view.people, view.machines] = await Promise.all([get("people"), get("machines")]);
}

/** Do something, show what became of it, and say what the station refuses. */
async function then(deed) {
  try {
    const answer = await deed();
    await load();
    show();
    return answer;
  } catch (error) {
    tell(error.message);
    show();
    return null;
  }
}

function show() {
  const may = view.me.rights.includes("people");
  setHidden(byId("may-not"), may);
  for (const section of document.querySelectorAll("main > section")) setHidden(section, !may);
  fill(byId("people"), ["name", "role", "access", ""], view.people.map(personRow), "nobody");
  fill(byId("machines"), ["name", "role", "made_by", "until", ""], view.machines.map(machineRow), "no_machines");
  for (const id of ["invite-role", "issue-role"]) fillRoles(byId(id), byId(id).value || "viewer");
}

function fill(table, heads, rows, empty) {
  const head = element("tr", {}, ...heads.map((key) => element("th", { scope: "col" }, key && t(key))));
  const nothing = element("tr", {}, element("td", { colspan: heads.length, class: "empty" }, t(empty)));
  table.replaceChildren(element("thead", {}, head), element("tbody", {}, ...(rows.length ? rows : [nothing])));
}

function personRow(person) {
  const role = element("select", { "aria-label": `${t("role")}: ${person.name}` });
  fillRoles(role, person.role);
  role.addEventListener("change", () => then(() => change("PUT", `people/${encodeURIComponent(person.name)}/role`, { role: role.value })));
  const access = person.has_password ? t("has_password") : person.invited_until ? t("invited", { until: when(person.invited_until) }) : t("no_link");
  return element("tr", {}, cell(person.name), element("td", {}, role), cell(access), buttons(
    button("new_link", async () => showLink(await then(() => change("POST", `people/${encodeURIComponent(person.name)}/link`)))),
    button("remove", async () => {
      if (await sure(person.name, t("remove_person"))) await then(() => change("DELETE", `people/${encodeURIComponent(person.name)}`));
    }, "danger"),
  ));
}

function machineRow(machine) {
  const revoke = button("revoke", async () => {
    if (await sure(machine.name, t("revoke_text"))) await then(() => change("DELETE", `machines/${machine.machine_id}`));
  }, "danger");
  return element("tr", {}, cell(machine.name), cell(t(`role_${machine.role}`)), cell(machine.created_by), cell(when(machine.until)), buttons(revoke));
}

const cell = (text) => element("td", {}, text);
const buttons = (...all) => element("td", { class: "buttons-cell" }, ...all);
const when = (instant) => `${format.day(new Date(instant))}, ${format.clock(new Date(instant))}`;

function button(key, deed, kind = "") {
  const node = element("button", { type: "button", class: kind }, t(key));
  node.addEventListener("click", deed);
  return node;
}

function fillRoles(select, chosen) {
  select.replaceChildren(...ROLES.map((role) => element("option", { value: role }, t(`role_${role}`))));
  select.value = chosen;
}

function showLink(made) {
  if (made) showOnce(t("link_for", { name: made.name }), t("link_text", { until: when(made.until) }), `${location.origin}/login#link=${made.link}`);
}

function showOnce(title, text, value) {
  setText(byId("secret-title"), title);
  setText(byId("secret-text"), text);
  byId("secret-value").value = value;
  byId("secret").showModal();
  byId("secret-value").select();
}

function sure(name, text) {
  setText(byId("sure-title"), name);
  setText(byId("sure-text"), text);
  byId("sure").returnValue = "";
  byId("sure").showModal();
  return new Promise((resolve) => {
    byId("sure").addEventListener("close", () => resolve(byId("sure").returnValue === "ok"), { once: true });
  });
}

openPage({
  strings: { en, zh },
  start() {
    byId("invite").addEventListener("submit", async (event) => {
      event.preventDefault();
      const made = await then(() => change("POST", "people", { name: byId("invite-name").value, role: byId("invite-role").value }));
      if (made) byId("invite").reset();
      showLink(made);
    });
    byId("issue").addEventListener("submit", async (event) => {
      event.preventDefault();
      const form = { name: byId("issue-name").value, role: byId("issue-role").value, days: byId("issue-days").valueAsNumber };
      const made = await then(() => change("POST", "machines", form));
      if (made) showOnce(t("token_for", { name: made.machine.name }), t("token_once", { until: when(made.machine.until) }), made.token);
    });
    byId("secret").addEventListener("close", () => { byId("secret-value").value = ""; });
  },
  load,
  all: show,
});
