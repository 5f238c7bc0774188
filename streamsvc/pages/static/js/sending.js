// The teacher's upload area: choosing files, a row for each on its way, rows for those that wait to go on.

import { byId, el, say, toast } from "./dom.js";
import { data, percent, size, span, t } from "./texts.js";
import { forget, unfinished, Upload } from "./upload.js";

const area = byId("drop");
const rows = byId("uploads");
const active = new Set();

/** Uploads at once; browsers open six connections to a host, and the first file should not wait for the last. */
const AT_ONCE = 2;

/**
 * Wires the area; `onLesson()` is called when an upload has made or completed a lesson. Returns `sends(lesson)`:
 * whether an upload of this page makes that lesson.
 */
export function wireUploads({ onLesson, sure }) {
  const take = (files) => [...files].forEach((file) => begin(file, { onLesson, sure }));
  byId("files").addEventListener("change", (event) => {
    take(event.target.files);
    event.target.value = "";
  });
  for (const name of ["dragenter", "dragover"]) document.addEventListener(name, (event) => hover(event, true));
  for (const name of ["dragleave", "drop"]) document.addEventListener(name, (event) => hover(event, false));
  document.addEventListener("drop", (event) => take(event.dataTransfer?.files ?? []));
  window.addEventListener("beforeunload", (event) => {
    if ([...active].some((upload) => upload.active)) event.preventDefault();
  });
  window.addEventListener("offline", () => each("sending", (upload) => upload.pause("offline")));
  window.addEventListener("online", () => each("offline", (upload) => upload.resume()));
  for (const name of ["online", "offline"]) window.addEventListener(name, showLine);
  showLine();
  showUnfinished({ onLesson, sure });
  return { sends: (lesson) => [...active].some((upload) => upload.lesson === lesson) };
}

/** Let the next ones go when there is room. */
function startSome() {
  const busy = [...active].filter((upload) => ["starting", "sending", "trying"].includes(upload.state)).length;
  const waiting = [...active].filter((upload) => upload.state === "waiting");
  for (const upload of waiting.slice(0, Math.max(0, AT_ONCE - busy))) upload.start();
}

function each(state, act) {
  showLine();
  const also = state === "sending" ? ["sending", "trying", "starting"] : [state];
  for (const upload of active) if (also.includes(upload.state)) act(upload);
}

function showLine() {
  byId("line").hidden = navigator.onLine;
}

function hover(event, over) {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  area.classList.toggle("over", over);
}

/** A title that a person would give: the file's name without its ending. */
function titleOf(file) {
  return file.name.replace(/\.[A-Za-z0-9]{1,5}$/, "").replaceAll("_", " ").trim() || file.name;
}

function begin(file, { onLesson, sure }) {
  if (file.size > data.max_bytes) return toast(t("too_large", { name: file.name, size: size(data.max_bytes) }));
  if (file.size === 0) return toast(t("empty_file", { name: file.name }));
  const row = new Row(file, sure);
  let known = null;
  const upload = new Upload(file, {
    title: titleOf(file),
    changed: () => {
      row.draw(upload);
      if (upload.lesson !== known) onLesson((known = upload.lesson));
      if (upload.state === "done") finish(upload, row, onLesson);
      if (["done", "failed", "paused"].includes(upload.state)) startSome();
    },
  });
  active.add(upload);
  row.own(upload, () => {
    active.delete(upload);
    startSome();
    onLesson(upload.lesson);
  });
  for (const waiting of rows.querySelectorAll("[data-waiting]")) {
    if (waiting.dataset.waiting === `${file.name}/${file.size}`) waiting.remove();
  }
  rows.append(row.element);
  row.draw(upload);
  startSome();
}

function finish(upload, row, onLesson) {
  if (!active.delete(upload)) return;
  toast(t("uploaded", { title: upload.title }));
  row.element.remove();
  onLesson(upload.lesson);
}

async function showUnfinished({ onLesson, sure }) {
  for (const one of await unfinished()) {
    const item = el("li", { class: "row waits", "data-waiting": `${one.filename}/${one.size}` });
    const drop = el("button", { type: "button", onclick: giveUp }, t("forget"));
    async function giveUp() {
      if (!(await sure({ title: t("forget_sure"), text: one.title, yes: t("forget") }))) return;
      await forget(one);
      item.remove();
      onLesson(null);
    }
    item.append(
      el("div", { class: "grow" }, el("b", { class: "title" }, one.title), el("p", {}, t("same_file", { name: one.filename, size: size(one.size) }))),
      el("p", { class: "buttons" }, el("label", { class: "button main", for: "files" }, t("choose_same")), " ", drop),
    );
    rows.append(item);
  }
}

/** One upload on the page. */
class Row {
  element = el("li", { class: "row" });
  #bar = el("progress", { max: 1, value: 0 });
  #state = el("p", { class: "small state", role: "status" });
  #numbers = el("p", { class: "small numbers" });
  #pause = el("button", { type: "button" });
  #cancel = el("button", { type: "button" }, t("cancel"));
  #sure;

  constructor(file, sure) {
    this.#sure = sure;
    const title = el("b", { class: "title" }, titleOf(file));
    this.#bar.setAttribute("aria-label", t("upload_of", { title: titleOf(file) }));
    this.element.append(
      el("div", { class: "grow" }, title, this.#bar, this.#state, this.#numbers),
      el("p", { class: "buttons" }, this.#pause, " ", this.#cancel),
    );
  }

  own(upload, gone) {
    this.#pause.addEventListener("click", () => (upload.state === "sending" || upload.state === "trying" ? upload.pause() : upload.resume()));
    this.#cancel.addEventListener("click", async () => {
      if (!(await this.#sure({ title: t("cancel_upload_sure"), text: upload.title, yes: t("cancel") }))) return;
      await upload.cancel();
      this.element.remove();
      gone();
    });
  }

  draw(upload) {
    const { file, shown, state, speed } = upload;
    const left = speed.left(file.size - shown);
    this.#bar.value = shown / file.size;
    this.element.dataset.state = state;
    this.element.classList.toggle("bad", state === "failed");
    say(this.#state, stateText(upload));
    const numbers = [t("sent_of", { sent: size(shown), size: size(file.size) }), percent(shown / file.size)];
    if (state === "sending" && speed.rate > 0) numbers.push(t("per_second", { size: size(speed.rate) }));
    if (state === "sending" && left !== null) numbers.push(t("left", { span: span(left) }));
    this.#numbers.textContent = numbers.join(" · ");
    const sending = state === "sending" || state === "trying";
    this.#pause.textContent = sending ? t("pause") : t("go_on");
    this.#pause.hidden = !["sending", "trying", "paused", "failed"].includes(state);
  }
}

function stateText({ state, error, resumed }) {
  const texts = {
    waiting: t("upload_waiting"),
    starting: t("upload_starting"),
    sending: resumed ? t("upload_goes_on") : t("upload_sending"),
    trying: t("upload_trying"),
    paused: t("upload_paused"),
    offline: t("upload_offline"),
    done: t("upload_done"),
  };
  return state === "failed" ? error.message : texts[state];
}
