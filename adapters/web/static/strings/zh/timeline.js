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
};
