// Asking the service. Errors come back as ApiError with a sentence for the person and a code for the page.

import { t } from "./texts.js";

export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** JSON of an address below /api/v1. Raises ApiError; `status` is 0 when the line is gone. */
export async function api(path, { method = "GET", body, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const request = { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) };
  const response = await reach(`/api/v1${path}`, request);
  if (response.status === 204) return null;
  if (response.ok) return response.json();
  throw await problem(response);
}

async function reach(address, request) {
  try {
    return await fetch(address, { credentials: "same-origin", ...request });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "offline", t("offline"));
  }
}

async function problem(response) {
  try {
    const { code, detail } = await response.json();
    return new ApiError(response.status, code, detail);
  } catch {
    // A proxy in between answers HTML; the person still needs a sentence.
    return new ApiError(response.status, "unexpected", t("unexpected", { status: response.status }));
  }
}

/** Send the person to the sign-in form and back here. */
export function signInAgain() {
  location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/** An address on this host, whatever name of it the service knows itself by. */
export function here(address, publicOrigin) {
  return address && publicOrigin && address.startsWith(`${publicOrigin}/`)
    ? location.origin + address.slice(publicOrigin.length)
    : address;
}
