/* 中文：登录。 */

export default {
  login_title: "登录",
  login_text: "查看并控制本站。",
  login_help: "首次使用请打开守护进程启动时给出的链接。没有密码或忘记密码？请管理员生成链接，或在站点机器上运行 “v2g people link SITE.yaml 姓名”。",
  choose_title: "设置密码",
  choose_text: "至少 12 个字符；几个词连在一起便于记忆。此链接只能使用一次。",
  name: "用户名",
  password: "密码",
  password_again: "再次输入",
  log_in: "登录",
  not_alike: "两次输入不一致。",
  wrong: "用户名或密码不正确。",
  link_over: "此链接已使用或已过期，请重新索取。",
  poor: "密码太短或容易猜到，请使用至少 12 个字符。",
  too_often: "错误次数过多，请稍后再试。",
  nobody_logs_in: "本站无需登录。",
};
