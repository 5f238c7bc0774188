// What the watch page tells beside the picture: a whole message, or a calm line over a lesson that goes on.

import { byId, say } from "./dom.js";
import { percent, span, t } from "./texts.js";

const CALM_AFTER_MS = 2500;

const video = byId("video");
const player = byId("player");
let lostTimer = null;

/** Cover the picture with a message, or uncover it with null. `progress` 0..1 shows a bar, `act` a button. */
export function message(what) {
  byId("message").hidden = !what;
  player.dataset.state = what ? "message" : "playing";
  if (!what) return;
  say(byId("message-text"), what.text);
  say(byId("message-detail"), what.detail);
  const bar = byId("message-progress");
  bar.hidden = typeof what.progress !== "number";
  if (!bar.hidden) bar.value = what.progress;
  const button = byId("message-action");
  say(button, what.action);
  button.onclick = what.act ?? null;
}

/** How far a lesson is that cannot be played yet. */
export function tellEncoding({ state, progress, seconds_left }) {
  const detail = seconds_left ? t("ready_in", { span: span(seconds_left) }) : t("begins_by_itself");
  const text = state === "waiting" ? t("waiting") : t("encoding", { percent: percent(progress) });
  message({ text, progress: state === "waiting" ? null : progress, detail });
}

/** A line of text over the picture, for a while or until another; null takes it away. */
export function calm(text, forMs = 0) {
  say(byId("calm"), text);
  if (forMs) setTimeout(() => uncalm(text), forMs);
}

/** Take a line away if it is still the one that is shown. */
export function uncalm(text) {
  if (byId("calm").textContent === text) say(byId("calm"), null);
}

/** Whether bytes come. What is buffered plays on, so only a calm line tells about it. */
export function line(comes) {
  if (!comes) {
    lostTimer ??= setTimeout(lost, CALM_AFTER_MS);
    return;
  }
  clearTimeout(lostTimer);
  lostTimer = null;
  if (player.dataset.line === "lost") calm(null);
  player.dataset.line = "good";
}

function lost() {
  player.dataset.line = "lost";
  const ahead = bufferedAhead();
  calm(ahead > 3 ? t("line_lost_but", { span: span(ahead / video.playbackRate) }) : t("line_lost"));
}

function bufferedAhead() {
  for (let i = 0; i < video.buffered.length; i++) {
    const inside = video.buffered.start(i) <= video.currentTime && video.currentTime < video.buffered.end(i);
    if (inside) return video.buffered.end(i) - video.currentTime;
  }
  return 0;
}
