// The sign-in form.

import { api } from "./api.js";
import { byId, say } from "./dom.js";
import "./header.js";
import { data, t } from "./texts.js";

const form = byId("sign-in");
const login = byId("login");
const password = byId("password");
const reveal = byId("reveal");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const missing = [login, password].find((field) => !field.value.trim());
  if (missing) return refuse(t("fill_in"), missing);
  say(byId("problem"), "");
  busy(true);
  try {
    const body = { login: login.value.trim().toLowerCase(), password: password.value, cookie: true };
    await api("/tokens", { method: "POST", body });
    location.replace(data.next);
  } catch (error) {
    busy(false);
    refuse(error.message, error.status === 401 ? password : login);
  }
});

reveal.addEventListener("click", () => {
  const shown = password.type === "text";
  password.type = shown ? "password" : "text";
  reveal.setAttribute("aria-pressed", String(!shown));
  reveal.textContent = shown ? t("show_password") : t("hide_password");
});

// Until now the form would have sent itself to nowhere.
busy(false);

function refuse(text, field) {
  say(byId("problem"), text);
  field.focus();
}

function busy(now) {
  form.setAttribute("aria-busy", String(now));
  form.querySelector("[type=submit]").disabled = now;
}
