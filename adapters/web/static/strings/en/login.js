/* English: login. */

export default {
  login_title: "Log in",
  login_text: "To see and steer this station.",
  login_help: "The first time, open the link that the daemon tells at its start. No password, or forgotten? An administrator makes a link; so does “v2g people link SITE.yaml NAME” on the station's machine.",
  choose_title: "Choose a password",
  choose_text: "At least 12 characters; several words are easy to keep in mind. The link works once.",
  name: "Name",
  password: "Password",
  password_again: "The same again",
  log_in: "Log in",
  not_alike: "The two are not alike.",
  wrong: "The name or the password is wrong.",
  link_over: "This link was used already, or is over. Ask for another.",
  poor: "This password is too short or easy to guess. Use at least 12 characters.",
  too_often: "Too many wrong attempts. Wait a little, then try again.",
  nobody_logs_in: "Nobody has to log in at this station.",
};
