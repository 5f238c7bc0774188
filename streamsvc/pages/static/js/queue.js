// Viewing events that the service has not acknowledged yet. Pure: a queue is a plain value that survives as JSON.

/** Far below the 64 KiB that a browser sends for a page that is closing. */
export const BATCH_BYTES = 48_000;
const BATCH_EVENTS = 200;

/** More than a pupil makes in a whole lesson without a line. */
const LONGEST = 2000;

export function newQueue({ session, person, lesson, address, seen }) {
  return { session, person, lesson, address, seen, next: 0, events: [], last: null, over: false };
}

/** The queue with one more event, which gets the session's next sequence. */
export function added(queue, event) {
  const events = [...queue.events, { sequence: queue.next, ...event }];
  // The newest events carry all that was watched, so the oldest after `initialized` are the least loss.
  if (events.length > LONGEST) events.splice(1, events.length - LONGEST);
  const over = event.type === "terminated";
  return { ...queue, next: queue.next + 1, events, last: over ? null : queue.last, over: queue.over || over };
}

/** The queue that also knows how it would end if the page died now. */
export function withLast(queue, last, seen) {
  return { ...queue, last: queue.over ? null : last, seen };
}

/** A dead page's queue, ended as it was last seen. */
export function ended(queue) {
  return queue.last && !queue.over ? added(queue, queue.last) : queue;
}

/** The first events that fit into one request. */
export function batch(queue, { bytes = BATCH_BYTES, events = BATCH_EVENTS } = {}) {
  const chosen = [];
  let room = bytes;
  for (const event of queue.events.slice(0, events)) {
    room -= new TextEncoder().encode(JSON.stringify(event)).length + 1;
    if (room < 0 && chosen.length) break;
    chosen.push(event);
  }
  return chosen;
}

/** The queue without what was sent: accepted, repeated or refused, the service has decided. */
export function settled(queue, sent) {
  const known = new Set(sent.map((event) => event.sequence));
  return { ...queue, events: queue.events.filter((event) => !known.has(event.sequence)) };
}

/** Nothing is left to say, nor will be. */
export function finished(queue) {
  return queue.over && queue.events.length === 0;
}

/**
 * What an answer means for the events that were sent.
 *
 * `settled`: drop them; `again`: keep them and wait; `smaller`: one of them spoils the batch, send fewer;
 * `gone`: the session is no more, drop the queue.
 */
export function verdict(status, count) {
  if (status >= 200 && status < 300) return "settled";
  if (status === 403 || status === 404 || status === 410) return "gone";
  if (status === 400 || status === 413 || status === 422) return count > 1 ? "smaller" : "settled";
  return "again";
}

/** Seconds to wait after so many failures in a row, spread so that a class does not come back at once. */
export function waitAfter(failures, random) {
  return Math.min(60, 2 ** Math.min(failures, 6)) * (0.5 + random / 2);
}
