// One playback session's trace: listens to the video, tells the recorder, hands its events to the delivery.

import { Delivery } from "./delivery.js";
import { Recorder } from "./recorder.js";

/** Starts recording; `stop()` says `terminated`. `onLost` is called when the session was ended elsewhere. */
export function trace(video, { session, person, lesson, address, length, onLost }) {
  const delivery = new Delivery({ session, person, lesson, address });
  const recorder = new Recorder({ emit: (event) => delivery.add(event), now: () => new Date() });
  const abort = new AbortController();
  let soughtFrom = null;

  const listen = (target, name, act) => target.addEventListener(name, act, { signal: abort.signal });
  const remember = () => (delivery.lost ? onLost() : delivery.remember(recorder.last()));
  const begin = () => recorder.ready(video.currentTime, length());
  const stop = () => {
    if (abort.signal.aborted) return;
    abort.abort();
    clearInterval(timer);
    recorder.tick(video.currentTime);
    recorder.terminate();
    delivery.send({ closing: true });
  };

  listen(video, "playing", () => {
    begin();
    recorder.setLength(length());
    recorder.play(video.currentTime);
  });
  listen(video, "timeupdate", () => {
    if (!video.seeking) recorder.tick(video.currentTime);
  });
  listen(video, "pause", () => {
    // A pause is told late: the pupil may have sought since.
    if (!video.ended) recorder.pause(video.seeking ? recorder.position : video.currentTime);
    remember();
  });
  listen(video, "seeking", () => {
    soughtFrom ??= recorder.position;
  });
  listen(video, "seeked", () => {
    if (soughtFrom !== null) recorder.seek(soughtFrom, video.currentTime);
    soughtFrom = null;
  });
  listen(video, "ended", () => {
    recorder.end(video.currentTime);
    remember();
  });
  listen(document, "visibilitychange", () => {
    if (document.visibilityState !== "hidden") return;
    // A phone may kill a hidden page without another word.
    remember();
    delivery.send({ closing: true });
  });
  listen(window, "online", () => delivery.send());
  listen(window, "pagehide", stop);
  const timer = setInterval(remember, 5000);

  // Not at `loadedmetadata`: the player has yet to go to where the pupil stopped, which is no seek of theirs.
  listen(video, "canplay", begin);
  return stop;
}
