/* Tables as files: what a plot shows, for a spreadsheet. */

import { byId, element } from "./dom.js";

const BOM = "\uFEFF"; // without it, spreadsheets take UTF-8 for something else

/** Let each button [data-export="TABLE"] save that table as CSV. */
export function onExports() {
  for (const button of document.querySelectorAll("[data-export]")) {
    button.addEventListener("click", () => save(`${button.dataset.export}.csv`, byId(button.dataset.export)));
  }
}

function save(name, table) {
  const lines = [...table.rows].map((row) => [...row.cells].map((cell) => quoted(cell.textContent)).join(","));
  const url = URL.createObjectURL(new Blob([BOM, lines.join("\r\n")], { type: "text/csv" }));
  element("a", { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}

/** A cell that no spreadsheet takes for a formula. */
function quoted(text) {
  const plain = text.replace(/\u2212/g, "-").replace(/[\u00a0\u202f]/g, " ");
  const safe = /^[=+@\t]|^-(?![\d.])/.test(plain) ? `'${plain}` : plain;
  return `"${safe.replaceAll('"', '""')}"`;
}
