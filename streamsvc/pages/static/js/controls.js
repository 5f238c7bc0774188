// The player's own controls: buttons, seek bar, menus, keyboard.

import { byId, el } from "./dom.js";
import { Storyboard } from "./storyboard.js";
import { clock, size, t } from "./texts.js";

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
const HIDE_AFTER_MS = 3000;

const player = byId("player");
const video = byId("video");
const seek = byId("seek");
const speed = byId("speed");
const quality = byId("quality");
const volume = byId("volume");

/** The controls of the page's one player. `length()` is the lesson's whole length, however much is made so far. */
export class Controls {
  storyboard = new Storyboard(byId("preview-picture"));
  #length;
  #dragging = false;
  #hide = null;

  constructor({ length, onPlay, onQuality }) {
    this.#length = length;
    this.onPlay = onPlay;
    this.onQuality = onQuality;
    this.#wireButtons();
    this.#wireSeek();
    this.#wireMenus();
    this.#wireVideo();
    document.addEventListener("keydown", (event) => this.#key(event));
    for (const name of ["pointermove", "focusin", "keydown"]) player.addEventListener(name, () => this.#awake());
    player.addEventListener("pointerleave", () => this.#sleep());
  }

  show() {
    byId("controls").hidden = false;
    this.draw();
  }

  toggle() {
    if (video.paused) this.onPlay();
    else video.pause();
  }

  /** Jump by seconds, within what there is. */
  jump(seconds) {
    this.go(video.currentTime + seconds);
  }

  /** Offer the rungs that the stream has; `chosen` is -1 for the player's own choice. */
  offer({ levels, chosen, current }) {
    const automatic = levels[current]?.lines ? t("auto_now", { rung: rung(levels[current]) }) : t("auto");
    const options = [new Option(automatic, "-1", false, chosen === -1)];
    for (const level of [...levels].reverse()) {
      const bytes = size((level.average_bps * this.#length()) / 8);
      const text = t("rung_size", { rung: rung(level), size: bytes });
      options.push(new Option(text, level.index, false, level.index === chosen));
    }
    quality.replaceChildren(...options);
    quality.hidden = levels.length < 2;
  }

  draw() {
    const length = this.#length();
    const time = this.#dragging ? Number(seek.value) : video.currentTime;
    seek.max = length;
    if (!this.#dragging) seek.value = time;
    seek.setAttribute("aria-valuetext", t("position_of", { now: clock(time), length: clock(length) }));
    byId("now").textContent = clock(time);
    byId("length").textContent = clock(length);
    this.#drawBars(time, length || 1);
  }

  /** What is loaded, and over it what is done. */
  #drawBars(time, length) {
    const bar = (from, to, kind) => {
      const element = el("i", { class: kind });
      element.style.left = `${(100 * from) / length}%`;
      element.style.width = `${(100 * (to - from)) / length}%`;
      return element;
    };
    const bars = [];
    for (let i = 0; i < video.buffered.length; i++) bars.push(bar(video.buffered.start(i), video.buffered.end(i), null));
    byId("bars").replaceChildren(...bars, bar(0, time, "done"));
  }

  #wireButtons() {
    byId("play").addEventListener("click", () => this.toggle());
    byId("big").addEventListener("click", () => this.onPlay());
    byId("back").addEventListener("click", () => this.jump(-10));
    byId("mute").addEventListener("click", () => this.#mute());
    byId("help").addEventListener("click", () => byId("keys").showModal());
    byId("fullscreen").addEventListener("click", () => this.#fullscreen());
    video.addEventListener("click", () => this.toggle());
    video.addEventListener("dblclick", () => this.#fullscreen());
    document.addEventListener("fullscreenchange", () => {
      byId("fullscreen").setAttribute("aria-pressed", String(Boolean(document.fullscreenElement)));
    });
  }

  #wireSeek() {
    seek.addEventListener("input", () => {
      this.#dragging = true;
      this.draw();
      this.#preview(Number(seek.value));
    });
    seek.addEventListener("change", () => {
      this.#dragging = false;
      byId("preview").hidden = true;
      this.go(Number(seek.value));
    });
    seek.addEventListener("pointermove", (event) => {
      const box = seek.getBoundingClientRect();
      const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
      this.#preview(share * this.#length());
    });
    seek.addEventListener("pointerleave", () => {
      if (!this.#dragging) byId("preview").hidden = true;
    });
  }

  #preview(time) {
    const preview = byId("preview");
    preview.hidden = false;
    preview.style.left = `clamp(5.5rem, ${(100 * time) / (this.#length() || 1)}%, calc(100% - 5.5rem))`;
    byId("preview-time").textContent = clock(time);
    this.storyboard.show(time);
  }

  #wireMenus() {
    for (const rate of SPEEDS) speed.append(new Option(`${String(rate).replace(".", t("decimal"))}×`, rate, rate === 1));
    speed.value = "1";
    speed.addEventListener("change", () => {
      video.playbackRate = video.defaultPlaybackRate = Number(speed.value);
    });
    quality.addEventListener("change", () => this.onQuality(Number(quality.value)));
    volume.addEventListener("input", () => {
      video.volume = Number(volume.value);
      video.muted = video.volume === 0;
    });
  }

  #wireVideo() {
    const state = () => {
      player.dataset.playing = String(!video.paused);
      byId("play").setAttribute("aria-label", video.paused ? t("play") : t("pause"));
      if (!video.paused) byId("big").hidden = true;
      this.#awake();
    };
    for (const name of ["play", "pause", "ended"]) video.addEventListener(name, state);
    for (const name of ["timeupdate", "progress", "seeking", "durationchange"]) {
      video.addEventListener(name, () => this.draw());
    }
    video.addEventListener("ratechange", () => (speed.value = String(video.playbackRate)));
    video.addEventListener("volumechange", () => {
      volume.value = video.muted ? 0 : video.volume;
      player.dataset.muted = String(video.muted);
      byId("mute").setAttribute("aria-pressed", String(video.muted));
      byId("mute").setAttribute("aria-label", video.muted ? t("unmute") : t("mute"));
    });
  }

  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || byId("controls").hidden || byId("keys").open) return;
    const { target, key } = event;
    if (target.matches("select, textarea, input:not([type=range])")) return;
    // A focused button keeps its own space, a focused slider its own arrows.
    if (key === " " && target.matches("button, a")) return;
    if (key.startsWith("Arrow") && target.matches("input[type=range]") && target !== seek) return;
    const act = this.#action(key, event.code);
    if (!act) return;
    event.preventDefault();
    this.#awake();
    act();
  }

  /** By place on the keyboard for letters, so that K is K on a Kazakh or Russian layout. */
  #action(key, code) {
    const places = {
      KeyK: () => this.toggle(),
      KeyJ: () => this.jump(-10),
      KeyL: () => this.jump(10),
      KeyM: () => this.#mute(),
      KeyF: () => this.#fullscreen(),
    };
    const keys = {
      " ": () => this.toggle(),
      ArrowLeft: () => this.jump(-5),
      ArrowRight: () => this.jump(5),
      ArrowUp: () => this.#louder(0.05),
      ArrowDown: () => this.#louder(-0.05),
      Home: () => this.go(0),
      End: () => this.go(this.#length()),
      "<": () => this.#faster(-1),
      ">": () => this.#faster(1),
      "?": () => byId("keys").showModal(),
    };
    if (/^[0-9]$/.test(key)) return () => this.go((this.#length() * Number(key)) / 10);
    return keys[key] ?? places[code];
  }

  /** Go to a moment, within what there is. */
  go(time) {
    const end = Number.isFinite(video.duration) ? Math.min(video.duration, this.#length()) : this.#length();
    video.currentTime = Math.min(Math.max(0, time), Math.max(0, end - 0.1));
    this.draw();
  }

  #louder(step) {
    video.volume = Math.min(1, Math.max(0, Math.round((video.volume + step) * 20) / 20));
    video.muted = video.volume === 0;
  }

  #faster(step) {
    const at = SPEEDS.indexOf(video.playbackRate);
    const rate = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, (at < 0 ? 2 : at) + step))];
    video.playbackRate = video.defaultPlaybackRate = rate;
  }

  #mute() {
    video.muted = !video.muted;
    if (!video.muted && video.volume === 0) video.volume = 0.5;
  }

  #fullscreen() {
    // A browser may say no (a frame, a child lock); then the picture simply stays as it is.
    if (document.fullscreenElement) document.exitFullscreen().catch(() => null);
    else if (player.requestFullscreen) player.requestFullscreen().catch(() => null);
    else video.webkitEnterFullscreen?.();
  }

  #awake() {
    player.dataset.idle = "false";
    clearTimeout(this.#hide);
    if (!video.paused) this.#hide = setTimeout(() => this.#sleep(), HIDE_AFTER_MS);
  }

  #sleep() {
    const busy = byId("controls").matches(":focus-within") && document.activeElement.matches(":focus-visible, select");
    if (!video.paused && !busy) player.dataset.idle = "true";
  }
}

/** Rungs may share a height; what they cost tells them apart. */
function rung({ lines, average_bps }) {
  return t("rung", { picture: lines ? `${lines}p` : t("sound_only"), kbps: Math.round(average_bps / 1000) });
}
