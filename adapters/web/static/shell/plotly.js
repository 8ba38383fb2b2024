/* Plotly, loaded once the rest of the page is there; the page does not wait for it. */

import { byId, element, setText } from "./dom.js";
import { t } from "./i18n.js";

/** Load Plotly for the plot `id`, whose waiting words give way to it; `loaded` is called when it is there. */
export function loadPlotly(id, loaded) {
  const script = element("script", { src: document.body.dataset.plotly, async: "" });
  script.addEventListener("load", () => {
    byId(id).replaceChildren();
    loaded();
  });
  script.addEventListener("error", () => setText(byId(id).firstElementChild, t("plot_failed")));
  document.head.append(script);
}

/** Draw into a plot if Plotly is there; whether this was its first time. */
export function draw(plot, traces, layout) {
  if (!window.Plotly) return false;
  const first = !plot.classList.contains("js-plotly-plot");
  window.Plotly.react(plot, traces, layout, { displayModeBar: false, responsive: true, scrollZoom: false, doubleClick: false });
  return first;
}

/** The page's colours of these names, as they are in the present scheme. */
export function palette(names) {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

/** A CSS colour #rrggbb with an opacity. */
export function alpha(color, opacity) {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16));
  return `rgba(${r},${g},${b},${opacity})`;
}

const AXIS = { fixedrange: true, zerolinewidth: 1, ticks: "", ticklabeloverflow: "allow", automargin: true };

/** What all plots look like: the page's font and colours, no frills; `axis` is what each axis begins with. */
export function baseLayout(plot) {
  const { ink, muted, line } = palette(["ink", "muted", "line"]);
  const small = plot.clientWidth < 560;
  return {
    small,
    ink,
    axis: { ...AXIS, gridcolor: line, zerolinecolor: muted },
    layout: {
      autosize: true,
      margin: { l: small ? 36 : 48, r: small ? 6 : 16, t: 26, b: 36 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.body).fontFamily, size: small ? 11 : 13, color: muted },
      showlegend: false,
      dragmode: false,
      separators: ".,",
    },
  };
}
