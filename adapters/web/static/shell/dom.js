/* Small helpers over the DOM. A value is written only if it changed: nothing flickers, selections survive. */

export const byId = (id) => document.getElementById(id);

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

export function setClass(node, names) {
  if (node.className !== names) node.className = names;
}

export function setHidden(node, hidden) {
  if (node.hidden !== hidden) node.hidden = hidden;
}

export function setStyle(node, name, value) {
  if (node.style.getPropertyValue(name) !== value) node.style.setProperty(name, value);
}

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A copy of a template, and its parts by name. */
export function fromTemplate(id) {
  const node = byId(id).content.firstElementChild.cloneNode(true);
  const parts = {};
  for (const part of node.querySelectorAll("[data-part]")) parts[part.dataset.part] = part;
  return { node, parts };
}

/** Keep one child of `parent` for each item, in order; children live as long as their key does. */
export function keepList(parent, items, keyOf, create, update) {
  const kept = (parent.kept ??= new Map());
  const keys = new Set(items.map(keyOf));
  for (const [key, child] of kept) {
    if (keys.has(key)) continue;
    child.node.remove();
    kept.delete(key);
  }
  items.forEach((item, index) => {
    const key = keyOf(item);
    if (!kept.has(key)) kept.set(key, create(item));
    const child = kept.get(key);
    if (parent.children[index] !== child.node) parent.insertBefore(child.node, parent.children[index] ?? null);
    update(child, item);
  });
}

/** Fill a table with a head and rows of texts. */
export function fillTable(table, head, rows) {
  const cells = (tag, texts) => texts.map((text) => element(tag, tag === "th" ? { scope: "col" } : {}, text));
  const body = rows.map((texts) => element("tr", {}, ...cells("td", texts)));
  table.replaceChildren(element("thead", {}, element("tr", {}, ...cells("th", head))), element("tbody", {}, ...body));
}
