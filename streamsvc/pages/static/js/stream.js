// hls.js set for weak lines, or the browser's own HLS where MediaSource is missing.

import { bufferFor, hasRoom, highestFor, inOrder } from "./rungs.js";

/** Answers that a new playback session mends: the signed address has expired or was never for this publication. */
const NEEDS_A_NEW_ADDRESS = new Set([401, 403, 404, 410]);

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
    maxBufferLength: bufferFor({ playing: false }),
    // By default hls.js loads that many bytes ahead, which is an hour of the lowest rung; seconds alone must decide.
    maxBufferSize: 0,
    backBufferLength: 60,
    // Its own cap stops at the first rung that fills the player, although a better one of fewer pixels may follow.
    capLevelToPlayerSize: false,
    fragLoadPolicy: patient(30_000, 180_000),
    playlistLoadPolicy: patient(30_000, 60_000),
    manifestLoadPolicy: patient(30_000, 60_000),
  };
}

/**
 * Play `address` in `video` from `startAt` seconds. `ladder` names the rungs from low to high.
 *
 * `on.levels()` when the rungs are known or another plays; `on.expired()` when the address is no good any more;
 * `on.broken()` when the browser cannot play what it gets; `on.line(ok)` when bytes stop or come again.
 */
export function openStream(video, address, { startAt, ladder, on }) {
  if (window.Hls?.isSupported()) return new HlsStream(video, address, { startAt, ladder, on });
  return new NativeStream(video, address, { startAt, on });
}

class HlsStream {
  #video;
  #address;
  #hls;
  #on;
  #repairs = 0;
  #retry = null;
  #playing = false;
  #more = false;
  #resized = new ResizeObserver(() => this.#cap());

  constructor(video, address, { startAt, ladder, on }) {
    this.#video = video;
    this.#address = address;
    this.#on = on;
    const { Hls } = window;
    this.#hls = new Hls(configuration(startAt));
    this.#hls.on(Hls.Events.ERROR, (_name, error) => this.#failed(error));
    this.#hls.on(Hls.Events.MANIFEST_PARSED, (_name, { levels }) => {
      this.#order(levels, ladder);
      this.#resized.observe(video);
      on.levels();
    });
    this.#hls.on(Hls.Events.LEVEL_SWITCHED, () => on.levels());
    this.#hls.on(Hls.Events.FRAG_BUFFERED, () => {
      this.#look();
      on.line(true);
    });
    this.#hls.loadSource(address);
    this.#hls.attachMedia(video);
  }

  /** Rungs from low to high: `{ index, lines, average_bps, codec }`. */
  get levels() {
    return this.#hls.levels.map((level, index) => ({
      index,
      lines: Math.min(level.width || 0, level.height || 0),
      average_bps: level.averageBitrate || level.bitrate,
      codec: level.videoCodec ?? "",
    }));
  }

  get chosen() {
    return this.#hls.manualLevel;
  }

  get current() {
    return this.#hls.currentLevel;
  }

  /** Whether the line carries much more than all of its rungs, as far as the player knows. */
  get hasRoom() {
    return hasRoom(this.#hls.levels, this.#hls.bandwidthEstimate);
  }

  /** A rung's index, or -1 for the player's own choice. What is buffered ahead is played first: it was paid for. */
  choose(index) {
    this.#hls.loadLevel = index;
    this.#look();
  }

  /** Somebody watches: fill the buffer. */
  fill() {
    this.#playing = true;
    this.#look();
  }

  /** Better rungs than those of the playlist are being made, or have been made. */
  expect(more) {
    this.#more = more;
    this.#look();
  }

  /** The line may be back: do not wait for the next attempt. */
  wake() {
    clearTimeout(this.#retry);
    if (this.#hls.levels.length) this.#hls.startLoad(-1);
    else this.#hls.loadSource(this.#address);
  }

  close() {
    clearTimeout(this.#retry);
    this.#resized.disconnect();
    this.#hls.destroy();
  }

  /**
   * Put the rungs into the order of the ladder.
   *
   * hls.js sorts by height and never climbs to fewer frames a second; but where pictures stand still, a rung of one
   * frame a second is better than one that shows every frame of a blurred page. Nothing is loaded yet here.
   */
  #order(levels, ladder) {
    levels.splice(0, levels.length, ...inOrder(levels, ladder));
    for (const level of levels) level.frameRate = 0;
  }

  /** No more pixels than the screen shows. */
  #cap() {
    const { clientWidth, clientHeight } = this.#video;
    const hls = this.#hls;
    const before = hls.autoLevelCapping;
    hls.autoLevelCapping = highestFor(hls.levels, Math.max(clientWidth, clientHeight) * devicePixelRatio);
    // On a full screen that the line can serve, what is loaded for the small one is thrown away.
    const grown = before !== -1 && hls.autoLevelCapping > before;
    if (grown && hls.autoLevelEnabled && hls.nextAutoLevel > hls.loadLevel) hls.nextLevel = -1;
  }

  /** How far to load ahead, now that more is known. */
  #look() {
    const hls = this.#hls;
    hls.config.maxBufferLength = bufferFor({
      playing: this.#playing,
      rungs: hls.levels,
      level: hls.loadLevel,
      highest: hls.autoLevelEnabled ? hls.maxAutoLevel : hls.loadLevel,
      estimate_bps: hls.bandwidthEstimate,
      more: this.#more,
    });
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
  hasRoom = false;

  choose() {}

  fill() {}

  expect() {}

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

