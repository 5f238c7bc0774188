// What the server wrote into the page: its texts in the person's language, and the few values the page needs.

export const data = JSON.parse(document.getElementById("data").textContent);

// Chromium has no Kazakh numbers and dates; they are written as the Russian ones.
const LOCALE = { kk: "ru", ru: "ru", en: "en-GB" }[data.language];

/** The text of a key, with its `{holes}` filled. */
export function t(key, params = {}) {
  return data.texts[key].replace(/\{(\w+)\}/g, (hole, name) => params[name] ?? hole);
}

/** Position or length on a clock: `4:05`, `1:04:05`. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  const two = (value) => String(value).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** The seconds of a text such as `4:05`, `1:04:05.5`. */
export function seconds(text) {
  return text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** A stretch of time in words, as exact as an estimate deserves: `40 s`, `6 min`, `2 h 10 min`. */
export function span(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 60) return t("span_s", { s: whole < 10 ? whole : Math.round(whole / 5) * 5 });
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return t("span_min", { min: minutes });
  return t("span_h", { h: Math.floor(minutes / 60), min: minutes % 60 });
}

/** Bytes in decimal units, as data plans count them. */
export function size(bytes) {
  if (bytes < 1e6) return t("kilobytes", { n: amount(bytes / 1e3, bytes < 1e4 ? 1 : 0) });
  if (bytes < 1e9) return t("megabytes", { n: amount(bytes / 1e6, bytes < 1e8 ? 1 : 0) });
  return t("gigabytes", { n: amount(bytes / 1e9, 2) });
}

export function percent(share) {
  return `${Math.floor(Math.min(1, Math.max(0, share)) * 100)} %`;
}

/** `20.11.2026`; all in digits, because browsers know no Kazakh months. */
export function day(iso) {
  return new Intl.DateTimeFormat(LOCALE, { day: "2-digit", month: "2-digit", year: "numeric" }).format(new Date(iso));
}

/** A figure as the language writes it, with at most so many digits behind the point. */
export function amount(value, digits = 0) {
  return new Intl.NumberFormat(LOCALE, { maximumFractionDigits: digits }).format(value);
}
