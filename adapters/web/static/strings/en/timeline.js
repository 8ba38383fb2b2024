/* English: timeline. Sentences with holes are functions. */

export default {
  timeline_hint: "measured up to now, planned from now on",
  window: "Hours each side of now",
  plot_loading: "Drawing the timeline…",
  plan_as_table: "The plan as a table",
  measured: "measured",
  planned: "planned",
  kw_axis: "kW",
  table_time: "From",
};
