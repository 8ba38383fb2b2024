/* English: shell. Sentences with holes are functions. */

export default {
  pages: "Pages",
  skip: "Skip to the content",
  page_station: "Station",
  page_timeline: "Timeline",
  page_chargers: "Chargers",
  page_prices: "Prices and signals",
  page_forecasts: "Forecasts",
  page_results: "Results",
  page_audit: "Audit",
  page_settings: "Settings",
  page_people: "People",
  page_login: "Log in",

  language: "Language",
  connecting: "Connecting to the station…",
  live: "Live",
  lost: ({ ago, at }) => `Connection lost ${ago} ago. What you see is from ${at}. Trying again…`,
  unreachable: "The station does not answer. Trying again…",
  demo_clock: ({ speed }) => `clock runs ×${speed}`,

  charging: "Charging",
  giving: "Giving back",
  building: "Building",
  pv: "Solar",
  battery: "Battery",
  assets: "Equipment",
  import: "Grid power",
  limit: "Limit",
  price: "Price",
  not_measured: "not measured",
  old: (ago) => `${ago} old`,

  now: "now",

  plot_failed: "The plot could not be loaded; the table below holds the same.",
  undo: "Undo",

  token_title: "Token needed",
  token_text: "Changing something needs the token the daemon was started with.",
  token: "Token",
  cancel: "Cancel",
  go_on: "Go on",

  seconds: (n) => `${n} s`,
  minutes: (n) => `${n} min`,
  hours_minutes: ({ h, min }) => (min ? `${h} h ${min} min` : `${h} h`),
  days: (n) => `${n} days`,
};
