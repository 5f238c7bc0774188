// What a lesson's teacher may do better next time, below the player. The service tells it only whom it concerns.

import { api, ApiError } from "./api.js";
import { byId, el } from "./dom.js";
import { follow, settled } from "./progress.js";
import { seconds, t } from "./texts.js";

const CLOCK = /(\d+:\d\d(?::\d\d)?)/;

/** Show the remarks as soon as there are any; `go(seconds)` brings the player to a moment that one of them names. */
export async function showRemarks(lessonId, { go }) {
  const { media } = await lesson(lessonId);
  const { findings = [] } = media.sound ?? {};
  if (findings.length) show(findings, go);
  else if (!settled(media)) follow(lessonId, (news) => settled(news) && showRemarks(lessonId, { go }));
}

/** Without a line there is graver news than remarks, and the player tells it. */
async function lesson(lessonId) {
  try {
    return await api(`/lessons/${lessonId}`);
  } catch (error) {
    if (error instanceof ApiError) return { media: { state: "failed" } };
    throw error;
  }
}

function show(findings, go) {
  const section = el(
    "section",
    { id: "remarks", class: "card remarks", "aria-labelledby": "remarks-title" },
    el("h2", { id: "remarks-title" }, t("remarks")),
    el("ul", {}, ...findings.map(({ message }) => el("li", {}, ...withMoments(message, go)))),
    el("p", { class: "hint" }, t("remarks_private")),
  );
  byId("about").after(section);
  // The address named it before it was there.
  if (location.hash === "#remarks") section.scrollIntoView({ block: "nearest" });
}

/** A sentence whose clock times are buttons. */
function withMoments(sentence, go) {
  return sentence.split(CLOCK).map((part, at) => (at % 2 ? moment(part, go) : part));
}

function moment(time, go) {
  const show = () => {
    go(seconds(time));
    byId("player").scrollIntoView({ block: "nearest" });
  };
  return el("button", { type: "button", class: "moment", "aria-label": t("go_to", { time }), onclick: show }, time);
}
