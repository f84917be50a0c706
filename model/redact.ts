/** What follows these words is a secret: a SAS's signature, an account key, a token, a password of a connection string. */
const NAMED =
  /\b(sig|sharedkey|accountkey|sharedaccesssignature|token|appkey|application key|password|pwd)=[^&;\s'"<>,)]+/gi;
/** An account key stands alone after a URL: 64 bytes in base64 (`kusto/api/connection-strings/storage-connection-strings.md`). */
const KEY = /[A-Za-z0-9+/]{86}==/g;

/**
 * A text of a service or a library without the credentials that it may repeat: a cluster that can't write to storage may
 * answer with the very URL that it was given.
 */
export function redact(text: string): string {
  return text.replace(NAMED, "$1=***").replace(KEY, "***");
}
