// Following the encoding of a lesson, live.

import { api } from "./api.js";

const POLL_MS = 5000;

/** Whether a better version of what is published is on its way; the lesson is ready all the while. */
export const renews = ({ renewal }) => ["waiting", "encoding"].includes(renewal?.state);

/** Whether nothing more is to come by itself. */
export const settled = (media) => ["ready", "failed"].includes(media.state) && !renews(media);

/**
 * Call `tell(media)` whenever the state of a lesson's media changes, until it is settled, or `stop()`.
 *
 * Server-sent events when they come through; some school proxies hold them back, then asking now and again.
 */
export function follow(lessonId, tell) {
  let timer = null;
  let stopped = false;
  const source = new EventSource(`/api/v1/lessons/${lessonId}/progress`);

  const heard = (media) => {
    if (stopped) return;
    if (settled(media)) stop();
    tell(media);
  };
  const poll = async () => {
    try {
      heard((await api(`/lessons/${lessonId}`)).media);
    } catch (error) {
      if (error.status === 404) stop();
    }
    if (!stopped) timer = setTimeout(poll, POLL_MS);
  };
  const stop = () => {
    stopped = true;
    clearTimeout(timer);
    source.close();
  };

  source.addEventListener("message", (event) => heard(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED && timer === null) poll();
  });
  return stop;
}
