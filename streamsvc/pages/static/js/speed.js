// How fast bytes go, smoothed so that a person can read it, and how much to send in one request. Pure.

/** Half of what a measurement says is forgotten after this long. */
const HALF_LIFE_S = 6;

/** One request should take about this long: long enough that the pause between two is small beside it. */
const REQUEST_S = 10;

export const SMALLEST_CHUNK = 256 * 1024;
export const FIRST_CHUNK = SMALLEST_CHUNK;
export const LARGEST_CHUNK = 8 * 1024 * 1024;

/** Bytes per second, from a count of bytes that only grows. */
export class Speed {
  #rate = null;
  #bytes = null;
  #at = null;

  /** Take in the count at a time in seconds. */
  measure(bytes, at) {
    if (this.#at !== null && at > this.#at && bytes >= this.#bytes) {
      const step = at - this.#at;
      const now = (bytes - this.#bytes) / step;
      const trust = 1 - 0.5 ** (step / HALF_LIFE_S);
      this.#rate = this.#rate === null ? now : this.#rate + trust * (now - this.#rate);
    }
    this.#bytes = bytes;
    this.#at = at;
  }

  /** After a pause, an interruption is not slowness. */
  rest() {
    this.#at = null;
  }

  get rate() {
    return this.#rate ?? 0;
  }

  /** Seconds until `bytes` are sent; null while nobody can know. */
  left(bytes) {
    return this.#rate > 0 ? bytes / this.#rate : null;
  }
}

/**
 * Bytes of the next request.
 *
 * The service keeps every byte that arrives, also of a request that is cut, so big requests lose nothing with it.
 * But a proxy on the way may hold a request back until it is whole, and then a cut costs all of it: about ten
 * seconds of the line bound that loss, and keep the pauses between requests small on a fast line.
 */
export function chunkBytes(rate) {
  return Math.round(Math.min(LARGEST_CHUNK, Math.max(SMALLEST_CHUNK, rate * REQUEST_S)));
}
