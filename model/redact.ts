const NAMES = [
  "sig",
  "shared\\s*key",
  "account\\s*key",
  "shared\\s*access\\s*signature",
  "(?:(?:user|usr|app|application|access|id|refresh)[\\s_]*)?token",
  "(?:app|application)[\\s_]*key",
  "application\\s*certificate\\s*(?:private\\s*key|blob)",
  "client[\\s_]*secret",
  "password",
  "pwd",
].join("|");

/**
 * What follows these words is a secret: a SAS's signature, an account key, a token, a key or a password of a connection
 * string, whole between quotation marks where it stands in them.
 */
const NAMED = new RegExp(`\\b(${NAMES})(\\s*=\\s*)(?:"[^"]*"|[^&;\\s'"<>,)]+)`, "gi");

/** What comes after these is a secret too: a function's key in a header or an address, and a token of any kind in a header. */
const LED: readonly RegExp[] = [
  /(x-functions-key["']?\s*[:=]\s*["']?)[^\s"',;&}]+/gi,
  /([?&]code=)[^&;\s'"<>,)]+/gi,
  /(\bBearer\s+)[A-Za-z0-9._~+/-]{20,}=*/gi,
];

const UNNAMED: readonly RegExp[] = [
  /** An account key stands alone after a URL: 64 bytes in base64 (`kusto/api/connection-strings/storage-connection-strings.md`). */
  /[A-Za-z0-9+/]{86}==/g,
  /** A token of Entra's: three parts in base64url, the first of which is JSON. */
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?/g,
  /** A PEM text, also where its end was cut off. */
  /-----BEGIN [A-Z ]+-----[\s\S]*?(?:-----END [A-Z ]+-----|$)/g,
];

/**
 * A text of a service or a library without the credentials that it may repeat: a cluster that can't write to storage may
 * answer with the very URL that it was given.
 */
export function redact(text: string): string {
  const unnamed = UNNAMED.reduce((cleaned, form) => cleaned.replace(form, "***"), text);
  const led = LED.reduce((cleaned, form) => cleaned.replace(form, "$1***"), unnamed);
  return led.replace(NAMED, "$1$2***");
}
