// A better version of a lesson that plays already: how far it is, and what became of it.

import { el, say } from "./dom.js";
import { renews } from "./progress.js";
import { percent, t } from "./texts.js";

const TOLD = {
  waiting: () => t("renewal_waiting"),
  encoding: ({ progress }) => t("renewal_encoding", { percent: percent(progress) }),
  failed: ({ error }) => t("renewal_failed", { reason: error?.message ?? t("state_failed") }),
  needless: () => t("renewal_needless"),
};

/** In words; null where nobody has asked for a better version, or it is there. */
export const renewalText = ({ renewal }) => renewal && TOLD[renewal.state](renewal);

/** What became of it, and a button to ask for it; `ask()` sends the wish and draws what came of that. */
export class Renewal {
  element = el("div", { class: "renewal" });
  #text = el("p");
  #hint = el("p", { class: "small" }, t("encode_anew_is"));
  #button;

  constructor(ask) {
    const asked = async () => {
      await ask();
      // Whoever pressed it with the keyboard is not to lose their place.
      if (this.#button.hidden) this.element.closest("details").querySelector("summary").focus();
    };
    this.#button = el("button", { type: "button", onclick: asked }, t("encode_anew"));
    this.element.append(this.#text, this.#button, this.#hint);
  }

  draw({ media, can }) {
    say(this.#text, renewalText(media));
    this.#button.hidden = this.#hint.hidden = !can.edit || media.state !== "ready" || renews(media);
  }
}
