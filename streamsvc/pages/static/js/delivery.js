// Bringing viewing events to the service: at once, later, after the line returns, at the next visit.

import { added, batch, ended, finished, newQueue, settled, verdict, waitAfter, withLast } from "./queue.js";

const PREFIX = "sabaq.events.";
const EVERY_MS = 5000;

/** A page that has not been seen for so long is dead: hidden pages still wake once a minute. */
const DEAD_AFTER_MS = 3 * 60_000;

/** Older events tell nobody anything, and a shared computer should not keep them. */
const FORGET_AFTER_MS = 30 * 24 * 3600_000;

/** One playback session's way to the service. Every change is in localStorage before it is on the line. */
export class Delivery {
  #queue;
  #sending = false;
  #failures = 0;
  #limit;
  #timer = null;
  #kept = false;

  constructor({ session, person, lesson, address }) {
    this.#queue = newQueue({ session, person, lesson, address, seen: Date.now() });
  }

  /** Another page took this one for dead and ended its session (a tab that was frozen, a laptop that slept). */
  get lost() {
    return this.#kept && !this.#queue.over && localStorage.getItem(PREFIX + this.#queue.session) === null;
  }

  add(event) {
    this.#keep(added(this.#queue, event));
    this.#later(event.type === "initialized" ? 0 : EVERY_MS);
  }

  /** Remember how the session would end if the page died now. */
  remember(last) {
    this.#keep(withLast(this.#queue, last, Date.now()));
  }

  /** Send what there is; with `closing`, in a request that outlives the page. */
  async send({ closing = false } = {}) {
    clearTimeout(this.#timer);
    this.#timer = null;
    const events = batch(this.#queue, { events: this.#limit });
    // Without a line, `online` calls again.
    if (!events.length || !navigator.onLine || (this.#sending && !closing)) return;
    this.#sending = true;
    const status = await post(this.#queue.address, events, closing);
    this.#sending = false;
    this.#settle(events, verdict(status, events.length));
  }

  #settle(events, decision) {
    if (decision === "again") return this.#later(waitAfter(++this.#failures, Math.random()) * 1000);
    this.#failures = 0;
    this.#limit = decision === "smaller" ? Math.ceil(events.length / 2) : undefined;
    if (decision === "gone") return localStorage.removeItem(PREFIX + this.#queue.session);
    if (decision === "settled") this.#keep(settled(this.#queue, events));
    if (this.#queue.events.length) this.#later(0);
  }

  #later(ms) {
    this.#timer ??= setTimeout(() => this.send(), ms);
  }

  #keep(queue) {
    this.#queue = queue;
    this.#kept = store(queue);
  }
}

/** Send what earlier pages of this person left behind. */
export async function sendLeftovers(person, now = Date.now()) {
  for (const queue of stored()) {
    if (now - queue.seen > FORGET_AFTER_MS) localStorage.removeItem(PREFIX + queue.session);
    else if (queue.person === person && now - queue.seen > DEAD_AFTER_MS) await empty(ended(queue));
    else if (queue.person === person && queue.over) await empty(queue);
  }
}

/** Where the person stood when the service was last out of reach, for a lesson; null when it knows everything. */
export function unsentPosition(person, lesson) {
  const own = stored().filter((queue) => queue.person === person && queue.lesson === lesson && queue.events.length);
  const newest = own.sort((a, b) => b.seen - a.seen)[0];
  return newest ? (newest.last ?? newest.events.at(-1)).time_s : null;
}

async function empty(queue) {
  store(queue);
  let limit;
  while (queue.events.length) {
    const events = batch(queue, { events: limit });
    const decision = verdict(await post(queue.address, events, false), events.length);
    if (decision === "again") return;
    if (decision === "gone") break;
    limit = decision === "smaller" ? Math.ceil(events.length / 2) : undefined;
    if (decision === "settled") queue = settled(queue, events);
    store(queue);
  }
  localStorage.removeItem(PREFIX + queue.session);
}

/** The answer's status; 0 when there was none. */
async function post(address, events, keepalive) {
  try {
    const body = JSON.stringify({ sent_at: new Date().toISOString(), events });
    const headers = { "Content-Type": "application/json" };
    const response = await fetch(address, { method: "POST", headers, body, keepalive, credentials: "same-origin" });
    return response.status;
  } catch {
    return 0;
  }
}

function store(queue) {
  try {
    if (finished(queue)) localStorage.removeItem(PREFIX + queue.session);
    else localStorage.setItem(PREFIX + queue.session, JSON.stringify(queue));
    return true;
  } catch {
    // Storage is full or forbidden: the events still go out while the page lives.
    return false;
  }
}

function stored() {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  return keys.map((key) => JSON.parse(localStorage.getItem(key)));
}
