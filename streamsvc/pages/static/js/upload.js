// One resumable upload over tus-js-client: survives a lost line, a closed laptop and a reload.

import { ApiError } from "./api.js";
import { chunkBytes, FIRST_CHUNK, Speed } from "./speed.js";
import { data, t } from "./texts.js";

const ENDPOINT = "/api/v1/uploads";

/** Then again and again, until the person gives up: a line on a farm may be gone for a day. */
const RETRY_DELAYS_MS = [0, 1000, 2000, 5000, 10_000, 20_000, ...Array(2000).fill(30_000)];

/** A connection that carries nothing for so long is dead, though nobody has told the browser. */
const STALL_MS = 45_000;

/** What the service may answer while it starts again, or while another request still holds the upload. */
const WORTH_REPEATING = new Set([0, 409, 423, 429, 460, 500, 502, 503, 504]);

const { tus } = window;
let lastStatus = 0;

/** tus-js-client forgets an upload whose address answers 4xx. A session that ran out is no reason to forget. */
const memory = {
  __proto__: tus.defaultOptions.urlStorage,
  removeUpload: async (key) => (lastStatus === 401 ? undefined : tus.defaultOptions.urlStorage.removeUpload(key)),
};

/** One person's uploads are not another's, though they share a computer. */
async function fingerprint(file) {
  return ["sabaq", data.person.id, file.name, file.size, file.lastModified].join("-");
}

/** Uploads that this person began in this browser and did not end: `{ filename, title, size, key, address }`. */
export async function unfinished() {
  const all = await memory.findAllUploads();
  const own = all.filter((each) => each.urlStorageKey.startsWith(`tus::sabaq-${data.person.id}-`));
  return own.map(({ metadata, size, urlStorageKey, uploadUrl }) => ({
    filename: metadata.filename,
    title: metadata.title,
    size,
    key: urlStorageKey,
    address: uploadUrl,
  }));
}

/** Forget an unfinished upload, and let the service free its bytes. */
export async function forget({ key, address }) {
  await tus.Upload.terminate(address, {}).catch(() => null);
  await memory.removeUpload(key);
}

/**
 * A file on its way. `state` is one of `waiting starting sending paused offline trying done failed`; `changed()` is called
 * whenever something to show has changed.
 */
export class Upload {
  state = "waiting";
  sent = 0;
  kept = 0;
  error = null;
  lesson = null;
  resumed = false;
  speed = new Speed();
  #upload;
  #changed;
  #watchdog = null;
  #moved = Date.now();
  #heard = 0;

  constructor(file, { title, changed }) {
    this.file = file;
    this.title = title;
    this.#changed = changed;
    this.#upload = new tus.Upload(file, {
      endpoint: ENDPOINT,
      metadata: { filename: file.name, title },
      chunkSize: FIRST_CHUNK,
      retryDelays: RETRY_DELAYS_MS,
      urlStorage: memory,
      fingerprint,
      removeFingerprintOnSuccess: true,
      onProgress: (sent) => this.#progress(sent),
      onAfterResponse: (request, response) => this.#answered(request, response),
      onShouldRetry: (error) => this.#shouldRetry(error),
      onSuccess: () => this.#to("done"),
      onError: (error) => this.#failed(error),
    });
  }

  /** Begin, or go on where an earlier page stopped with the same file. */
  async start() {
    this.#to("starting");
    const earlier = await this.#upload.findPreviousUploads();
    const newest = earlier.sort((a, b) => b.creationTime.localeCompare(a.creationTime))[0];
    if (newest) {
      this.resumed = true;
      this.#upload.resumeFromPreviousUpload(newest);
    }
    this.resume();
  }

  resume() {
    this.error = null;
    this.speed.rest();
    this.#moved = Date.now();
    clearInterval(this.#watchdog);
    this.#watchdog = setInterval(() => this.#look(), 1000);
    this.#to(navigator.onLine ? "sending" : "offline");
    if (navigator.onLine) this.#upload.start();
  }

  async pause(state = "paused") {
    clearInterval(this.#watchdog);
    await this.#upload.abort();
    this.#to(state);
  }

  /** Give the upload up: the service frees what it has. */
  async cancel() {
    clearInterval(this.#watchdog);
    await this.#upload.abort(true).catch(() => null);
  }

  /** Bytes to show: what the service has, and what the line will have carried since it last said so. */
  get shown() {
    if (this.state !== "sending") return this.kept;
    const since = this.speed.rate ? (this.speed.rate * (Date.now() - this.#heard)) / 1000 : Infinity;
    return Math.max(this.kept, Math.min(this.sent, this.kept + since));
  }

  get active() {
    return ["waiting", "starting", "sending", "trying", "offline", "paused"].includes(this.state);
  }

  #progress(sent) {
    if (sent !== this.sent) this.#moved = Date.now();
    this.sent = sent;
    this.#to("sending");
  }

  #answered(request, response) {
    lastStatus = response.getStatus();
    this.#moved = Date.now();
    const kept = response.getHeader("Upload-Offset");
    if (kept !== null || request.getMethod() === "POST") this.#accepted(Number(kept));
    const place = response.getHeader("Content-Location");
    if (request.getMethod() === "POST" && place) this.lesson = place.split("/").at(-1);
  }

  /** What the service has; the browser counts bytes that only wait in the machine's own buffers. */
  #accepted(kept) {
    this.kept = kept;
    this.#heard = Date.now();
    this.speed.measure(kept, Date.now() / 1000);
    if (this.speed.rate > 0) this.#upload.options.chunkSize = chunkBytes(this.speed.rate);
  }

  #shouldRetry(error) {
    const status = error.originalResponse?.getStatus() ?? 0;
    if (!WORTH_REPEATING.has(status)) return false;
    this.speed.rest();
    this.#to(navigator.onLine ? "trying" : "offline");
    return true;
  }

  async #look() {
    this.#changed(this);
    if (this.state !== "sending" || Date.now() - this.#moved < STALL_MS) return;
    await this.#upload.abort();
    this.resume();
  }

  #failed(error) {
    clearInterval(this.#watchdog);
    this.error = readable(error);
    this.#to("failed");
  }

  #to(state) {
    if (state === "done" || state === "failed") clearInterval(this.#watchdog);
    this.state = state;
    this.#changed(this);
  }
}

/** The service's own sentence when it gave one. */
function readable(error) {
  const response = error.originalResponse;
  if (!response) return new ApiError(0, "offline", t("offline"));
  try {
    const { code, detail } = JSON.parse(response.getBody());
    return new ApiError(response.getStatus(), code, detail);
  } catch {
    return new ApiError(response.getStatus(), "unexpected", t("unexpected", { status: response.getStatus() }));
  }
}
