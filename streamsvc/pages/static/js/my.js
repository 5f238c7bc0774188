// A teacher's own lessons: what becomes of them, live, and what the teacher may do.

import { api, signInAgain } from "./api.js";
import { byId, el, say, toast } from "./dom.js";
import { Encoded } from "./encoded.js";
import "./header.js";
import { follow, renews, settled } from "./progress.js";
import { renewalText } from "./renewal.js";
import { wireUploads } from "./sending.js";
import { clock, day, percent, size, span, t } from "./texts.js";

const list = byId("lessons");

/** Browsers open six connections to a host; uploads need theirs, so only some lessons are followed live. */
const FOLLOWED_AT_ONCE = 2;
const LOOK_AGAIN_MS = 10_000;

const rows = new Map();
const followed = new Map();
let cursor = null;
let pages = 1;

byId("more").addEventListener("click", () => {
  pages += 1;
  load();
});
const uploads = wireUploads({ onLesson: load, sure });
load();
setInterval(() => [...rows.values()].some((row) => !settled(row.lesson.media)) && load(), LOOK_AGAIN_MS);

/** Ask for all shown pages again and draw what changed. */
async function load() {
  try {
    const lessons = [];
    cursor = null;
    for (let page = 0; page < pages; page++) {
      const query = `?owner=me${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`;
      const found = await api(`/lessons${query}`);
      lessons.push(...found.items);
      cursor = found.next_cursor;
      if (!cursor) break;
    }
    // What this page is sending has its own row above.
    show(lessons.filter((lesson) => !uploads.sends(lesson.id)));
    say(byId("problem"), null);
  } catch (error) {
    if (error.status === 401) return signInAgain();
    say(byId("problem"), error.message);
  }
  list.setAttribute("aria-busy", "false");
}

function show(lessons) {
  const ids = new Set(lessons.map((lesson) => lesson.id));
  for (const [id, row] of rows) if (!ids.has(id)) drop(id, row);
  for (const lesson of lessons) {
    const row = rows.get(lesson.id) ?? new Row(lesson);
    rows.set(lesson.id, row);
    row.draw(lesson);
  }
  // Moving only what is out of place keeps the keyboard's focus where it is.
  lessons.forEach((lesson, at) => {
    const { element } = rows.get(lesson.id);
    if (list.children[at] !== element) list.insertBefore(element, list.children[at] ?? null);
  });
  byId("more").hidden = !cursor;
  byId("empty").hidden = lessons.length > 0;
  followSome();
}

function drop(id, row) {
  row.element.remove();
  rows.delete(id);
  followed.get(id)?.();
  followed.delete(id);
}

function followSome() {
  for (const [id, row] of rows) {
    if (followed.size >= FOLLOWED_AT_ONCE) return;
    if (followed.has(id) || settled(row.lesson.media) || row.lesson.upload) continue;
    followed.set(id, follow(id, (media) => {
      row.draw({ ...row.lesson, media });
      if (settled(media)) followed.delete(id) && load();
    }));
  }
}

/** Ask before something that cannot be undone. */
function sure({ title, text, yes }) {
  const dialog = byId("confirm");
  byId("confirm-title").textContent = title;
  byId("confirm-text").textContent = text;
  byId("confirm-yes").textContent = yes;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

async function change(path, options) {
  try {
    await api(path, options);
  } catch (error) {
    if (error.status === 401) return signInAgain();
    toast(error.message);
  }
  return load();
}

/** One lesson in the list. */
class Row {
  element = el("li", { class: "row" });
  #title = el("a", { class: "title" });
  #state = el("p", { class: "small state" });
  #sign = el("a", { class: "sign" });
  #bar = el("progress", { max: 1 });
  #table = el("ul", { class: "renditions" });
  #buttons = {};
  #encoded;

  constructor(lesson) {
    this.lesson = lesson;
    this.#encoded = new Encoded(lesson.id, { anew: () => change(`/lessons/${lesson.id}/reencode`, { method: "POST" }) });
    this.#sign.href = `/lessons/${lesson.id}#remarks`;
    const button = (name, text, act, kind) => (this.#buttons[name] = el("button", { type: "button", class: kind, onclick: act }, text));
    this.element.append(
      el("div", { class: "grow" }, this.#title, this.#state, this.#bar, this.#table, this.#sign),
      el(
        "p",
        { class: "buttons" },
        button("retry", t("retry"), () => change(`/lessons/${lesson.id}/retry`, { method: "POST" }), "main"),
        button("cancel", t("cancel_encoding"), () => this.#cancel()),
        button("rename", t("rename"), () => this.#rename()),
        button("delete", t("delete"), () => this.#delete(), "danger"),
      ),
      this.#encoded.element,
    );
  }

  draw(lesson) {
    const { media } = lesson;
    if (this.element.dataset.state && !settled(this.lesson.media) && settled(media)) tellEnd(lesson, this.lesson);
    this.lesson = lesson;
    this.element.dataset.state = media.state;
    this.element.classList.toggle("bad", media.state === "failed");
    this.#title.textContent = lesson.title;
    if (media.playable) this.#title.href = `/lessons/${lesson.id}`;
    else this.#title.removeAttribute("href");
    say(this.#state, stateText(lesson));
    const working = media.state === "encoding";
    this.#drawBar(media);
    const remarks = media.playable ? (media.sound?.findings.length ?? 0) : 0;
    say(this.#sign, remarks ? t("remarks_count", { n: remarks }) : null);
    this.#table.replaceChildren(...(working ? media.renditions.map((each) => rendition(each, media)) : []));
    this.#encoded.draw(lesson);
    this.#buttons.retry.hidden = !lesson.can.retry;
    this.#buttons.cancel.hidden = !lesson.can.cancel || Boolean(lesson.upload);
    this.#buttons.rename.hidden = !lesson.can.edit;
    this.#buttons.delete.hidden = !lesson.can.delete;
  }

  #drawBar(media) {
    const bar = this.#bar;
    bar.hidden = media.state !== "encoding" && !renews(media);
    bar.value = renews(media) ? media.renewal.progress : media.progress;
    bar.setAttribute("aria-label", renews(media) ? renewalText(media) : t("encoding", { percent: percent(media.progress) }));
  }

  #rename() {
    const input = el("input", { value: this.lesson.title, maxlength: 200, "aria-label": t("new_title") });
    const form = el("form", { class: "rename" }, input, el("button", { class: "main" }, t("save")));
    const back = () => form.replaceWith(this.#title);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const title = input.value.trim();
      back();
      this.#buttons.rename.focus();
      if (title && title !== this.lesson.title) await change(`/lessons/${this.lesson.id}`, { method: "PATCH", body: { title } });
    });
    input.addEventListener("keydown", (event) => event.key === "Escape" && back());
    this.#title.replaceWith(form);
    input.select();
  }

  async #cancel() {
    const agreed = await sure({ title: t("cancel_encoding_sure"), text: this.lesson.title, yes: t("cancel_encoding") });
    if (agreed) await change(`/lessons/${this.lesson.id}/cancel`, { method: "POST" });
  }

  async #delete() {
    const agreed = await sure({ title: t("delete_sure"), text: this.lesson.title, yes: t("delete") });
    if (agreed) await change(`/lessons/${this.lesson.id}`, { method: "DELETE" });
  }
}

function stateText({ media, created_at, upload }) {
  if (media.state === "failed") return media.error?.message ?? t("state_failed");
  if (media.state === "ready") return readyText(media, created_at);
  if (upload) return t("state_uploading");
  if (media.delayed_by) return media.delayed_by.message;
  if (media.state === "waiting") return t("state_queued");
  const parts = [t("encoding", { percent: percent(media.progress) })];
  if (media.seconds_left) parts.push(t("left", { span: span(media.seconds_left) }));
  if (media.playable) parts.push(t("state_growing"));
  return parts.join(" · ");
}

function readyText(media, created_at) {
  const bytes = media.renditions.reduce((sum, each) => sum + (each.bytes ?? 0), 0);
  const better = renews(media) ? renewalText(media) : null;
  return [t("state_ready"), clock(media.duration_s), size(bytes), created_at && day(created_at), better].filter(Boolean).join(" · ");
}

/** Said aloud once, where a percentage that is told every second would be noise. */
function tellEnd({ title, media }, before) {
  if (renews(before.media)) toast(media.renewal ? `${title}: ${renewalText(media)}` : t("now_renewed", { title }));
  else toast(media.state === "ready" ? t("now_ready", { title }) : `${title}: ${media.error?.message ?? t("state_failed")}`);
}

/** Rungs may share a height; what they cost tells them apart as soon as it is known. */
function rungName({ width, height, average_bps }) {
  const lines = Math.min(width, height);
  return average_bps ? t("rung", { height: lines, kbps: Math.round(average_bps / 1000) }) : `${lines}p`;
}

function rendition(each, { duration_s }) {
  const name = each.type === "audio" ? t("sound") : rungName(each);
  const made_s = each.average_bps ? (8 * each.bytes) / each.average_bps : 0;
  const share = each.state === "ready" ? 1 : Math.min(0.99, made_s / (duration_s || Infinity));
  return el("li", {}, el("span", {}, name), el("progress", { max: 1, value: share, "aria-label": `${name}: ${percent(share)}` }), el("span", {}, percent(share)));
}
