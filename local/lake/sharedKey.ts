import { createHmac, timingSafeEqual } from "node:crypto";

const signedHeaders = [
  "content-encoding",
  "content-language",
  "content-length",
  "content-md5",
  "content-type",
  "date",
  "if-modified-since",
  "if-match",
  "if-none-match",
  "if-unmodified-since",
  "range",
] as const;

export interface Signable {
  readonly method: string;
  readonly rawPath: string;
  readonly query: URLSearchParams;
  readonly header: (name: string) => string | undefined;
  readonly headerNames: readonly string[];
}

export function hmac(text: string, key: string): string {
  return createHmac("sha256", Buffer.from(key, "base64")).update(text, "utf8").digest("base64");
}

export function sameSignature(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

const byCode = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function stringToSign(request: Signable, account: string, order: (a: string, b: string) => number): string {
  const plain = signedHeaders.map((name) => {
    const value = request.header(name) ?? "";
    return name === "content-length" && value === "0" ? "" : value;
  });
  const extension = request.headerNames
    .filter((name) => name.startsWith("x-ms-"))
    .sort(order)
    .map((name) => `${name}:${(request.header(name) ?? "").trim()}\n`);
  const parameters = new Map<string, string[]>();
  for (const [name, value] of request.query) {
    const key = name.toLowerCase();
    parameters.set(key, [...(parameters.get(key) ?? []), value]);
  }
  const resource = [...parameters.entries()]
    .sort(([a], [b]) => byCode(a, b))
    .map(([name, values]) => `\n${name}:${values.sort(byCode).join(",")}`);
  return `${[request.method, ...plain].join("\n")}\n${extension.join("")}/${account}${request.rawPath}${resource.join("")}`;
}

/** The Authorization header of the Shared Key scheme (`rest/api/storageservices/authorize-with-shared-key`). */
export function sharedKeyAuthorization(request: Signable, account: string, key: string): string {
  return `SharedKey ${account}:${hmac(stringToSign(request, account, byCode), key)}`;
}

/**
 * Whether the Authorization header was made with the account's key. Clients sort the `x-ms-` headers by code or
 * by the rules of a language, which differ for names that hold hyphens: either order is taken.
 */
export function isSharedKeyAuthorization(request: Signable, account: string, key: string): boolean {
  const given = request.header("authorization") ?? "";
  return [byCode, (a: string, b: string) => a.localeCompare(b, "en")].some((order) =>
    sameSignature(given, `SharedKey ${account}:${hmac(stringToSign(request, account, order), key)}`),
  );
}
