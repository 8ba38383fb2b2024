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
  past_as_table: "What was measured as a table",
  band_note: "Solid: measured. Light: planned. Bands about grid power and price: eight times in ten it lies within. Shaded: limits and calls in force.",
  event_IMPORT_CAPACITY_LIMIT: "Import limit",
  event_EXPORT_CAPACITY_LIMIT: "Export limit",
  event_DISPATCH_SETPOINT: "Dispatch",
  event_DEMAND_REDUCTION: "Use less",
  event_DEMAND_INCREASE: "Use more",
  event_RESERVE_UP: "Reserve: less",
  event_RESERVE_DOWN: "Reserve: more",
  event_RESERVE_SYMMETRIC: "Reserve: both",
};
