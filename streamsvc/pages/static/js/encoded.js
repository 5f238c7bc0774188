// How a lesson is encoded, for its teacher: what was found, a table of rungs, and why each is what it is.

import { api } from "./api.js";
import { el } from "./dom.js";
import { renews } from "./progress.js";
import { Renewal } from "./renewal.js";
import { amount, t } from "./texts.js";

const CODECS = { avc: "H.264", av1: "AV1" };

/** A section that asks for the plan of a lesson when somebody opens it; `anew()` has the lesson encoded anew. */
export class Encoded {
  element = el("details", { class: "encoded" }, el("summary", {}, t("how_encoded")));
  #lessonId;
  #body = el("div", { "aria-live": "polite" });
  #renewal;
  #state = null;

  constructor(lessonId, { anew }) {
    this.#lessonId = lessonId;
    this.#renewal = new Renewal(anew);
    this.element.append(this.#renewal.element, this.#body);
    this.element.addEventListener("toggle", () => this.#load());
  }

  /** A lesson whose file was not looked at yet has no plan. What is open keeps up with the lesson. */
  draw(lesson) {
    const { media } = lesson;
    this.element.hidden = !media.duration_s || media.state === "failed";
    this.#renewal.draw(lesson);
    const state = `${media.state} ${renews(media)}`;
    if (this.#state !== state) {
      this.#state = state;
      this.#load();
    }
  }

  async #load() {
    if (!this.element.open || this.element.hidden) return;
    try {
      this.#body.replaceChildren(...sections(await api(`/lessons/${this.#lessonId}/plan`)));
    } catch (error) {
      this.#body.replaceChildren(el("p", { class: "small" }, error.message));
    }
  }
}

function sections(plan) {
  const told = Object.fromEntries(plan.passages.map((passage) => [passage.about, passage]));
  const rungs = plan.rungs.length ? [el("h3", {}, told.rungs?.heading ?? ""), el("p", {}, t("vmaf_is")), table(plan.rungs)] : [];
  return [...passage(told.lesson), ...passage(told.sound), ...rungs, ...passage(told.left_out)];
}

function passage(told) {
  return told ? [el("h3", {}, told.heading), ...told.sentences.map((sentence) => el("p", {}, sentence))] : [];
}

/** On a narrow screen the cells stand below each other, each behind the name of its column: roles keep it a table. */
function table(rungs) {
  const names = [
    t("col_line"),
    t("col_picture"),
    t("col_frames"),
    t("col_kbps"),
    t("col_kbps_measured"),
    t("col_vmaf"),
    t("col_vmaf_measured"),
  ];
  const head = el("tr", { role: "row" }, ...names.map((name) => el("th", { role: "columnheader", scope: "col" }, name)));
  return el(
    "table",
    { role: "table" },
    el("thead", { role: "rowgroup" }, head),
    ...rungs.map((rung) => el("tbody", { role: "rowgroup" }, figures(rung, names), reason(rung, names.length))),
  );
}

function figures(rung, names) {
  const { expected, measured } = rung;
  const figure = (value, digits) => (typeof value === "number" ? amount(value, digits) : "–");
  const cells = [
    `${t("kbit_s", { n: rung.line_kbps })} · ${CODECS[rung.family]}`,
    `${rung.width}×${rung.height}`,
    figure(rung.fps, 2),
    figure(expected?.kbps),
    figure(measured && measured.average_bps / 1000),
    figure(expected?.vmaf, 1),
    figure(measured?.vmaf, 1),
  ];
  return el("tr", { role: "row" }, ...cells.map((text, at) => el("td", { role: "cell", "data-name": names[at] }, text)));
}

function reason({ why }, columns) {
  return why ? el("tr", { role: "row" }, el("td", { role: "cell", class: "small", colspan: columns }, why)) : null;
}
