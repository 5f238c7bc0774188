// The small pictures over the seek bar.

import { seconds } from "./texts.js";

/** The cues of a storyboard: WebVTT whose payloads are `picture.jpg#xywh=x,y,w,h`. Pure. */
export function cues(vtt, base) {
  const found = [];
  for (const block of vtt.replace(/\r\n?/g, "\n").split("\n\n")) {
    const lines = block.trim().split("\n");
    const at = lines.findIndex((line) => line.includes("-->"));
    const place = lines[at + 1]?.match(/^(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)$/);
    if (at < 0 || !place) continue;
    const [from, to] = lines[at].split("-->").map((text) => seconds(text.trim().split(/\s/)[0]));
    const [x, y, width, height] = place.slice(2).map(Number);
    found.push({ from, to, address: new URL(place[1], base).href, x, y, width, height });
  }
  return found;
}

/** Shows the picture of a time in `element`; does nothing while there is no storyboard. */
export class Storyboard {
  #element;
  #cues = [];
  #address = null;
  #asked = false;

  constructor(element) {
    this.#element = element;
  }

  set address(address) {
    this.#address = address;
    this.#asked = false;
    this.#cues = [];
  }

  /** Fetched only when somebody looks: many pupils never touch the seek bar, and every byte counts. */
  async show(time) {
    if (this.#address && !this.#asked) await this.#load();
    const cue = this.#cues.find((each) => time >= each.from && time < each.to) ?? this.#cues.at(-1);
    this.#element.hidden = !cue;
    if (!cue) return;
    const { style } = this.#element;
    style.width = `${cue.width}px`;
    style.height = `${cue.height}px`;
    style.backgroundImage = `url("${cue.address}")`;
    style.backgroundPosition = `-${cue.x}px -${cue.y}px`;
  }

  async #load() {
    this.#asked = true;
    const answer = await fetch(this.#address).catch(() => null);
    if (answer?.ok) this.#cues = cues(await answer.text(), this.#address);
    else this.#asked = false;
  }
}
