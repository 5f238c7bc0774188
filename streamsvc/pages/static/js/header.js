// The head of every page: language and sign-out.

import { api } from "./api.js";
import { byId, toast } from "./dom.js";

const YEAR_S = 365 * 24 * 3600;

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    document.cookie = `language=${button.dataset.language}; path=/; max-age=${YEAR_S}; samesite=lax`;
    location.reload();
  });
}

byId("sign-out")?.addEventListener("click", async () => {
  try {
    await api("/tokens/current", { method: "DELETE" });
  } catch (error) {
    if (error.status !== 401) return toast(error.message);
  }
  location.assign("/sign-in");
});
