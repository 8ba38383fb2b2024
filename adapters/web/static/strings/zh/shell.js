/* 中文：shell。带空位的句子是函数。 */

export default {
  pages: "页面",
  skip: "跳到正文",
  page_station: "站点",
  page_timeline: "时间轴",
  page_chargers: "充电桩",
  page_prices: "电价与信号",
  page_forecasts: "预测",
  page_results: "成效",
  page_audit: "审计",
  page_settings: "设置",
  page_people: "人员",
  page_login: "登录",

  language: "语言",
  connecting: "正在连接站点…",
  live: "实时",
  lost: ({ ago, at }) => `连接已中断 ${ago}，当前显示 ${at} 的数据，正在重连…`,
  unreachable: "站点无响应，正在重试…",
  demo_clock: ({ speed }) => `时钟 ×${speed}`,

  charging: "充电",
  giving: "反向补能",
  building: "楼宇负荷",
  pv: "光伏",
  battery: "储能",
  assets: "设备",
  import: "电网功率",
  limit: "上限",
  price: "电价",
  not_measured: "未测量",
  old: (ago) => `${ago}前的数据`,

  now: "现在",

  plot_failed: "图表无法加载，数据见下表。",
  undo: "撤销",

  token_title: "需要口令",
  token_text: "修改内容需要程序启动时设定的口令。",
  token: "口令",
  cancel: "取消",
  go_on: "继续",

  seconds: (n) => `${n} 秒`,
  minutes: (n) => `${n} 分钟`,
  hours_minutes: ({ h, min }) => (min ? `${h} 小时 ${min} 分` : `${h} 小时`),
  days: (n) => `${n} 天`,
};
