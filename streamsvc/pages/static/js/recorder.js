// From what a video does to viewing events. Pure: time comes in, events go out through `emit`.

import { joined, ms, total } from "./intervals.js";

/** Share of the lesson that must have been watched before the player says `completed`. */
export const COMPLETED_FROM = 0.95;

/** A step of the clock longer than this was a jump that nobody watched (a sleeping laptop, a missed seek). */
const LONGEST_STEP_S = 5;

/** A player moves itself a little over gaps; nobody sought. */
const SMALLEST_SEEK_S = 0.5;

/**
 * Follows one playback session.
 *
 * `initialized` comes first, `completed` at most once, `terminated` last, nothing outside of them.
 */
export class Recorder {
  #emit;
  #now;
  #length = 0;
  #watched = [];
  #from = null;
  #last = 0;
  #state = "new";
  #playing = false;
  #completed = false;

  constructor({ emit, now }) {
    this.#emit = emit;
    this.#now = now;
  }

  get playing() {
    return this.#playing;
  }

  get position() {
    return this.#last;
  }

  /** What was watched in this session so far. */
  get watched() {
    return this.#from === null ? this.#watched : joined(this.#watched, this.#from, this.#last);
  }

  ready(time, length) {
    if (this.#state !== "new") return;
    this.#state = "open";
    this.#length = length;
    this.#last = time;
    this.#say("initialized", time);
  }

  /** A lesson that is still being made may turn out a little longer or shorter. */
  setLength(length) {
    this.#length = length;
  }

  play(time) {
    if (this.#state !== "open" || this.#playing) return;
    this.#playing = true;
    // A pause that moved the picture by a blink leaves no hole in what was watched.
    if (Math.abs(time - this.#last) > SMALLEST_SEEK_S) this.#last = time;
    this.#from = this.#last;
    this.#last = Math.max(this.#last, time);
    this.#say("played", time);
  }

  tick(time) {
    if (!this.#playing || this.#state !== "open") return;
    const step = time - this.#last;
    if (step < 0 || step > LONGEST_STEP_S) {
      this.#close();
      this.#from = time;
    }
    this.#last = time;
    if (total(this.watched) >= COMPLETED_FROM * this.#length) this.#complete(time);
  }

  pause(time) {
    if (this.#state !== "open" || !this.#playing) return;
    this.tick(time);
    this.#close();
    this.#playing = false;
    this.#say("paused", time, { played: this.watched });
  }

  seek(from, to) {
    if (this.#state !== "open" || Math.abs(to - from) < SMALLEST_SEEK_S) return;
    this.tick(from);
    this.#close();
    this.#last = to;
    if (this.#playing) this.#from = to;
    this.#say("seeked", to, { from_s: ms(from), to_s: ms(to) });
  }

  /** The end was reached; whether enough was watched over all sessions is the service's to know. */
  end(time) {
    this.pause(time);
    if (this.#state === "open") this.#complete(time);
  }

  /** The event that would end the session now; kept aside in case the page dies without a word. */
  last() {
    if (this.#state !== "open") return null;
    return this.#event("terminated", this.#last, { played: this.watched });
  }

  terminate() {
    const last = this.last();
    if (!last) return;
    this.#state = "closed";
    this.#playing = false;
    this.#emit(last);
  }

  #complete(time) {
    if (this.#completed) return;
    this.#completed = true;
    this.#say("completed", time, { played: this.watched });
  }

  #close() {
    this.#watched = this.watched;
    this.#from = null;
  }

  #say(type, time, more = {}) {
    this.#emit(this.#event(type, time, more));
  }

  #event(type, time, more) {
    return { type, at: this.#now().toISOString(), time_s: ms(time), ...more };
  }
}
