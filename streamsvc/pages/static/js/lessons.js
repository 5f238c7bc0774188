// All lessons that the person may play.

import { api, signInAgain } from "./api.js";
import { byId, el, say } from "./dom.js";
import "./header.js";
import { sendLeftovers } from "./delivery.js";
import { clock, data, percent, t } from "./texts.js";

const list = byId("lessons");
let cursor = null;

byId("more").addEventListener("click", more);
more();
sendLeftovers(data.person.id);

async function more() {
  byId("more").disabled = true;
  try {
    const page = await api(`/lessons${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ""}`);
    list.append(...page.items.map(card));
    cursor = page.next_cursor;
    byId("more").hidden = !cursor;
    byId("empty").hidden = list.children.length > 0;
    say(byId("problem"), null);
  } catch (error) {
    if (error.status === 401) return signInAgain();
    say(byId("problem"), error.message);
    byId("more").hidden = false;
  } finally {
    byId("more").disabled = false;
    list.setAttribute("aria-busy", "false");
  }
}

function card(lesson) {
  const { media } = lesson;
  const seen = media.playable && media.renditions.some((each) => each.type === "video");
  const poster = { src: `/lessons/${lesson.id}/poster`, alt: "", loading: "lazy", decoding: "async", width: 320, height: 180 };
  const picture = seen ? el("img", poster) : el("span", { class: "no-picture", "aria-hidden": "true" });
  const length = media.duration_s ? el("span", { class: "length" }, clock(media.duration_s)) : null;
  return el(
    "li",
    {},
    el(
      "a",
      { class: "lesson", href: `/lessons/${lesson.id}` },
      el("span", { class: "poster" }, picture, length, resume(lesson)),
      el("span", { class: "title" }, lesson.title),
      el("span", { class: "hint" }, [lesson.owner.display_name, state(media)].filter(Boolean).join(" · ")),
    ),
  );
}

/** A bar under the poster tells how far the pupil came. */
function resume({ id, media }) {
  const position = data.positions[id];
  if (!position || !media.duration_s) return null;
  const share = position / media.duration_s;
  return el("progress", { class: "resume", max: 1, value: share, "aria-label": t("watched_until", { percent: percent(share) }) });
}

function state(media) {
  if (media.state === "ready") return null;
  if (media.state === "failed") return t("state_failed");
  return media.playable ? t("state_growing") : t("state_waiting");
}
