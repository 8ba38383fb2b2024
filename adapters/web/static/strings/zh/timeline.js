/* 中文：timeline。带空位的句子是函数。 */

export default {
  timeline_hint: "此刻之前为实测，之后为计划",
  window: "前后小时数",
  plot_loading: "正在绘制时间轴…",
  plan_as_table: "以表格查看计划",
  measured: "实测",
  planned: "计划",
  kw_axis: "kW",
  table_time: "起始",
  past_as_table: "以表格查看实测",
  band_note: "实色为实测，浅色为计划。电网功率与电价周围的色带：八成落在其中。阴影：生效的限额与调用。",
  event_IMPORT_CAPACITY_LIMIT: "用电上限",
  event_EXPORT_CAPACITY_LIMIT: "送电上限",
  event_DISPATCH_SETPOINT: "调度",
  event_DEMAND_REDUCTION: "削峰",
  event_DEMAND_INCREASE: "填谷",
  event_RESERVE_UP: "上调备用",
  event_RESERVE_DOWN: "下调备用",
  event_RESERVE_SYMMETRIC: "双向备用",
};
