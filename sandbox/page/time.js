// Times as a chat client shows them. Slack's `ts` is "seconds.micros"; it is compared as text, never as a float.

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const CLOCK_SECONDS = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit", second: "2-digit" });
const LONG_DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", month: "long", day: "numeric" });
const LONG_DATE = new Intl.DateTimeFormat(undefined, { weekday: "long", month: "long", day: "numeric", year: "numeric" });
const DATE = new Intl.DateTimeFormat(undefined, { month: "long", day: "numeric", year: "numeric" });
const SHORT_DATE = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", year: "numeric" });
const NUMERIC_DATE = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const AGO = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const DAY_MS = 86_400_000;

export function dateOf(ts) {
  return new Date(Number.parseFloat(ts) * 1000);
}

export const clock = (date) => CLOCK.format(date);
export const fullTime = (date) => FULL.format(date);

function daysAgo(date) {
  const midnight = (day) => new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
  return Math.round((midnight(new Date()) - midnight(date)) / DAY_MS);
}

function pretty(date, format) {
  const days = daysAgo(date);
  if (days === 0) return "today";
  if (days === 1) return "yesterday";
  if (days === -1) return "tomorrow";
  return format.format(date);
}

/** The heading of a day in the message list: "Today", "Yesterday", "Monday, November 16". */
export function dayName(date) {
  const text = pretty(date, LONG_DAY);
  return text[0].toUpperCase() + text.slice(1);
}

export function ago(date) {
  const seconds = Math.round((date.getTime() - Date.now()) / 1000);
  const [unit, size] = [["day", 86_400], ["hour", 3600], ["minute", 60]].find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return AGO.format(Math.trunc(seconds / size), unit);
}

const TOKENS = {
  date_num: (date) => NUMERIC_DATE.format(date),
  date: (date) => DATE.format(date),
  date_short: (date) => SHORT_DATE.format(date),
  date_long: (date) => LONG_DATE.format(date),
  date_pretty: (date) => pretty(date, DATE),
  date_short_pretty: (date) => pretty(date, SHORT_DATE),
  date_long_pretty: (date) => pretty(date, LONG_DATE),
  day_divider_pretty: (date) => pretty(date, LONG_DAY),
  time: clock,
  time_secs: (date) => CLOCK_SECONDS.format(date),
  ago,
};

/** Slack's date format, "{date_short} at {time}" -> text in the reader's zone; an unknown token stays as it is. */
export function formatDate(date, format) {
  return format.replace(/\{(\w+)\}/g, (whole, token) => (TOKENS[token] ? TOKENS[token](date) : whole));
}
