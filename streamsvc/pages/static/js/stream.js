// hls.js set for weak lines, or the browser's own HLS where MediaSource is missing.


/** Answers that a new playback session mends: the signed address has expired or was never for this publication. */
const NEEDS_A_NEW_ADDRESS = new Set([401, 403, 404, 410]);

/** Until somebody plays, one or two segments are enough: a page that was opened by mistake costs little. */
const BUFFER_BEFORE_PLAY_S = 6;

/** Enough to bridge a minute without a line; more would be wasted on whoever leaves. */
const BUFFER_S = 90;

function worthRepeating(policy, count, _timedOut, response) {
  const status = response?.code ?? 0;
  return count < policy.maxNumRetry && (status === 0 || status === 408 || status === 429 || status >= 500);
}

/** On 2G a first byte takes seconds and a segment a minute; giving up early would fetch the same bytes twice. */
function patient(firstByteMs, wholeMs) {
  const pause = { retryDelayMs: 1000, maxRetryDelayMs: 15_000, backoff: "exponential" };
  return {
    default: {
      maxTimeToFirstByteMs: firstByteMs,
      maxLoadTimeMs: wholeMs,
      timeoutRetry: { maxNumRetry: 8, ...pause, retryDelayMs: 0 },
      errorRetry: { maxNumRetry: 40, ...pause, shouldRetry: worthRepeating },
    },
  };
}

function configuration(startAt) {
  return {
    // Start on the lowest rung and believe in 60 kbit/s until the line has shown more: 1.7 s to the first picture
    // at 256 kbit/s, against 7.4 s with the defaults.
    startLevel: 0,
    abrEwmaDefaultEstimate: 60_000,
    testBandwidth: false,
    // A growing playlist looks live; it is read from where the pupil stopped, never from its edge.
    startPosition: startAt,
    lowLatencyMode: false,
    maxBufferLength: BUFFER_BEFORE_PLAY_S,
    maxMaxBufferLength: 2 * BUFFER_S,
    maxBufferSize: 40e6,
    backBufferLength: 60,
    capLevelToPlayerSize: true,
    fragLoadPolicy: patient(30_000, 180_000),
    playlistLoadPolicy: patient(30_000, 60_000),
    manifestLoadPolicy: patient(30_000, 60_000),
  };
}

/**
 * Play `address` in `video` from `startAt` seconds.
 *
 * `on.levels()` when the rungs are known or another plays; `on.expired()` when the address is no good any more;
 * `on.broken()` when the browser cannot play what it gets; `on.line(ok)` when bytes stop or come again.
 */
export function openStream(video, address, { startAt, on }) {
  if (window.Hls?.isSupported()) return new HlsStream(video, address, { startAt, on });
  return new NativeStream(video, address, { startAt, on });
}

class HlsStream {
  #video;
  #address;
  #hls;
  #on;
  #repairs = 0;
  #retry = null;

  constructor(video, address, { startAt, on }) {
    this.#video = video;
    this.#address = address;
    this.#on = on;
    const { Hls } = window;
    this.#hls = new Hls(configuration(startAt));
    this.#hls.on(Hls.Events.ERROR, (_name, error) => this.#failed(error));
    this.#hls.on(Hls.Events.MANIFEST_PARSED, () => on.levels());
    this.#hls.on(Hls.Events.LEVEL_SWITCHED, () => on.levels());
    this.#hls.on(Hls.Events.FRAG_BUFFERED, () => on.line(true));
    this.#hls.loadSource(address);
    this.#hls.attachMedia(video);
  }

  /** Rungs from low to high: `{ index, height, average_bps }`. */
  get levels() {
    return this.#hls.levels.map((level, index) => ({
      index,
      height: level.height || 0,
      average_bps: level.averageBitrate || level.bitrate,
    }));
  }

  get chosen() {
    return this.#hls.manualLevel;
  }

  get current() {
    return this.#hls.currentLevel;
  }

  /** What the line carries, in bits per second, as far as the player knows. */
  get estimate_bps() {
    return this.#hls.bandwidthEstimate;
  }

  /** A rung's index, or -1 for the player's own choice. What is buffered ahead is played first: it was paid for. */
  choose(index) {
    this.#hls.loadLevel = index;
  }

  /** Somebody watches: fill the buffer. */
  fill() {
    this.#hls.config.maxBufferLength = BUFFER_S;
  }

  /** The line may be back: do not wait for the next attempt. */
  wake() {
    clearTimeout(this.#retry);
    if (this.#hls.levels.length) this.#hls.startLoad(-1);
    else this.#hls.loadSource(this.#address);
  }

  close() {
    clearTimeout(this.#retry);
    this.#hls.destroy();
  }

  #failed(error) {
    const { Hls } = window;
    if (NEEDS_A_NEW_ADDRESS.has(error.response?.code)) return this.#on.expired();
    if (error.type === Hls.ErrorTypes.NETWORK_ERROR) this.#on.line(false);
    if (!error.fatal) return;
    if (error.type === Hls.ErrorTypes.NETWORK_ERROR) this.#retry = setTimeout(() => this.wake(), 5000);
    else if (error.type === Hls.ErrorTypes.MEDIA_ERROR && this.#repairs++ < 3) this.#hls.recoverMediaError();
    else this.#on.broken();
  }
}

class NativeStream {
  #video;
  #address;
  #on;
  #abort = new AbortController();

  constructor(video, address, { startAt, on }) {
    this.#video = video;
    this.#address = address;
    this.#on = on;
    const listen = (name, act) => video.addEventListener(name, act, { signal: this.#abort.signal });
    listen("loadedmetadata", () => this.#begin(startAt));
    listen("error", () => this.#failed());
    listen("progress", () => on.line(true));
    listen("stalled", () => on.line(false));
    video.preload = "metadata";
    video.src = address;
  }

  levels = [];
  chosen = -1;
  current = -1;
  estimate_bps = 0;

  choose() {}

  fill() {}

  wake() {
    if (this.#video.error) this.#on.expired();
  }

  close() {
    this.#abort.abort();
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  #begin(startAt) {
    if (startAt > 0) this.#video.currentTime = startAt;
    this.#on.levels();
  }

  /** The browser does not tell a status: ask for the playlist ourselves to learn whether the address is still good. */
  async #failed() {
    if (this.#video.error?.code === MediaError.MEDIA_ERR_DECODE) return this.#on.broken();
    const answer = await fetch(this.#address).catch(() => null);
    if (!answer) this.#on.line(false);
    else if (answer.ok) this.#on.broken();
    else this.#on.expired();
  }
}

/** Whether the person asked the browser to save data. */
export const savesData = () => Boolean(navigator.connection?.saveData);

