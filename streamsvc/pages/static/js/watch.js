// The watch page: waits until the lesson plays, opens playback sessions, keeps going over bad lines.

import { api, here, signInAgain } from "./api.js";
import { Controls } from "./controls.js";
import { decodes } from "./decoding.js";
import { sendLeftovers, unsentPosition } from "./delivery.js";
import { byId, say } from "./dom.js";
import "./header.js";
import { follow } from "./progress.js";
import { openStream, savesData } from "./stream.js";
import { calm, line, message, tellEncoding, uncalm } from "./telling.js";
import { clock, data, size, t } from "./texts.js";
import { trace } from "./trace.js";

const LEFTOVERS_WAIT_MS = 3000;
const NEARLY_OVER_S = 10;
const RENEW_EVERY_MS = 5000;
const RUNG_KEY = "sabaq.rung";

const video = byId("video");
const player = byId("player");

/** What the server knew when it wrote the page; it saves a round trip before the first picture. */
let media = data.media;
let stream = null;
let stopTrace = null;
let stopFollowing = null;
let position = 0;
let wantsToPlay = !savesData();
let renewedAt = 0;
let renewLater = null;
let opening = false;
let taken = null;

const pictures = () => media.renditions.filter((each) => each.type === "video");
const length = () => media.duration_s || (Number.isFinite(video.duration) ? video.duration : 0);
const controls = new Controls({ length, onPlay: play, onQuality: chooseRung });

start();
// Pupils, whose lines are the weakest, do not even load what is for teachers.
if (data.person.role !== "pupil") import("./remarks.js").then(remark);

async function start() {
  const soon = new Promise((resolve) => setTimeout(resolve, LEFTOVERS_WAIT_MS));
  // The service must know what the last visit saw before it is asked where the pupil stopped.
  await Promise.race([sendLeftovers(data.person.id), soon]);
  await open(null);
}

/** Open a playback session and play from `from`, or from where the pupil stopped when that is null. */
async function open(from) {
  if (opening) return;
  opening = true;
  try {
    if (media.state === "failed") return failed();
    if (!media.playable) return waiting();
    const lines = pictures().map(({ width, height }) => Math.min(width, height));
    const body = { decodes: await decodes(Math.max(0, ...lines)) };
    const session = await api(`/lessons/${data.lesson_id}/playback-sessions`, { method: "POST", body });
    begin(session, from ?? resumeAt(session.resume_s), { resumed: from === null });
  } catch (error) {
    refused(error, from);
  } finally {
    opening = false;
  }
}

function resumeAt(known) {
  const seconds = unsentPosition(data.person.id, data.lesson_id) ?? known ?? 0;
  return length() && seconds > length() - NEARLY_OVER_S ? 0 : seconds;
}

function begin(session, from, { resumed }) {
  const own = (address) => here(address, data.public_origin);
  message(null);
  position = from;
  if (session.poster) video.poster = own(session.poster);
  controls.storyboard.address = own(session.storyboard);
  player.dataset.sound = String(!pictures().length);
  stream?.close();
  stream = openStream(video, own(session.url), {
    startAt: from,
    ladder: pictures().map(({ name }) => name),
    on: { levels: offerRungs, expired: renew, broken, line },
  });
  stopTrace = trace(video, {
    session: session.id,
    person: data.person.id,
    lesson: data.lesson_id,
    address: own(session.events),
    length,
    onLost: renew,
  });
  about();
  controls.show();
  if (resumed && from > 0) calm(t("resumed", { time: clock(from) }), 4000);
  stopFollowing?.();
  stopFollowing = null;
  if (media.state !== "ready") watchGrowth();
  if (wantsToPlay) play();
  else byId("big").hidden = false;
}

/** The address has expired, or the session was ended elsewhere: a new one, at the same place. */
function renew() {
  if (opening) return;
  // An address that is refused as soon as it was given is no reason to hurry: the service would only be asked harder.
  const wait = renewedAt + RENEW_EVERY_MS - Date.now();
  clearTimeout(renewLater);
  if (wait > 0) {
    renewLater = setTimeout(renew, wait);
    return;
  }
  renewedAt = Date.now();
  wantsToPlay = !video.paused;
  position = video.currentTime || position;
  stopTrace?.();
  open(position);
}

function remark({ showRemarks }) {
  showRemarks(data.lesson_id, { go: (time) => controls.go(time) });
}

async function play() {
  wantsToPlay = true;
  try {
    await video.play();
    byId("big").hidden = true;
  } catch (error) {
    // Browsers let no page begin to speak before somebody touched it; a play that was overtaken by another is fine.
    if (error.name === "NotAllowedError") byId("big").hidden = false;
  }
}

function refused(error, from) {
  if (error.code === "media_not_ready" || error.code === "media_failed") return waiting();
  if (error.status === 401) return signInAgain();
  if (error.status === 404) return message({ text: error.message });
  // No line, or the service is starting again: try until it works.
  const again = setTimeout(() => open(from), 5000);
  message({
    text: navigator.onLine ? error.message : t("no_line"),
    action: t("try_again"),
    act: () => {
      clearTimeout(again);
      open(from);
    },
  });
}

function waiting() {
  tellEncoding(media);
  const stop = follow(data.lesson_id, (news) => {
    media = news;
    if (media.state === "failed") failed();
    else if (media.playable) {
      stop();
      open(null);
    } else tellEncoding(media);
  });
}

function failed() {
  message({ text: t("failed"), detail: media.error?.message });
}

/** A lesson that is still being made learns its true length, and gets better rungs. */
function watchGrowth() {
  const stop = follow(data.lesson_id, (news) => {
    media = news;
    controls.draw();
    stream.expect(missesRungs());
    if (missesRungs() && rungsAreListed()) takeRungs();
  });
  stopFollowing = stop;
}

/** Rungs of the codec that plays. */
const ownRungs = () => pictures().filter((each) => each.codec.slice(0, 4) === stream.levels[0]?.codec.slice(0, 4));

/**
 * A multivariant playlist is read once: a player that began early does not know what was made later.
 *
 * Before the lesson was looked at, its one rung is all that is planned.
 */
function missesRungs() {
  const { length: known } = stream.levels;
  return known > 0 && (known < ownRungs().length || (known === 1 && media.state === "encoding"));
}

/** All rungs of a chunk are made together, so they come into the playlist together. */
const rungsAreListed = () => media.state === "ready" || (ownRungs().length > 1 && ownRungs().every(({ bytes }) => bytes));

/** On a line with room at once, else when the pupil pauses: what is loaded already was paid for. */
function takeRungs() {
  if (taken === media.state || video.ended) return;
  taken = media.state;
  if (video.paused || stream.hasRoom) renew();
  else video.addEventListener("pause", () => missesRungs() && !video.ended && renew(), { once: true });
}

function broken() {
  wantsToPlay = !video.paused;
  // Without hls.js (the line broke while it came) only a new page helps.
  message({ text: t("cannot_play"), action: t("try_again"), act: window.Hls ? renew : () => location.reload() });
}

/** Length, and the bytes of the best rung with its sound. */
function about() {
  const most_bps = Math.max(0, ...stream.levels.map((each) => each.average_bps));
  const bytes = media.state === "ready" ? (most_bps * length()) / 8 : 0;
  say(byId("about"), [media.duration_s && clock(media.duration_s), bytes && t("at_most", { size: size(bytes) })].filter(Boolean).join(" · "));
}

function offerRungs() {
  controls.offer(stream);
  about();
  const wanted = Number(localStorage.getItem(RUNG_KEY));
  const level = stream.levels.findLast((each) => each.average_bps <= wanted);
  if (level && stream.chosen === -1) {
    stream.choose(level.index);
    controls.offer(stream);
  }
}

function chooseRung(index) {
  const level = stream.levels[index];
  if (level) localStorage.setItem(RUNG_KEY, level.average_bps);
  else localStorage.removeItem(RUNG_KEY);
  stream.choose(index);
  controls.offer(stream);
}

video.addEventListener("play", () => stream?.fill());
video.addEventListener("waiting", () => {
  // The pupil has come to where the encoder is.
  if (media.state === "encoding" && video.duration - video.currentTime < 1) calm(t("being_made"));
});
video.addEventListener("playing", () => uncalm(t("being_made")));
window.addEventListener("offline", () => line(false));
window.addEventListener("online", () => {
  stream?.wake();
  line(true);
});
for (const [name, busy] of [["waiting", true], ["playing", false], ["canplay", false], ["pause", false]]) {
  video.addEventListener(name, () => (player.dataset.busy = String(busy)));
}
// A page that comes back from the browser's cache has already said goodbye to its session.
window.addEventListener("pageshow", (event) => event.persisted && open(video.currentTime));
