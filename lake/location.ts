import { Terminal } from "../model/errors.ts";

/** A lake folder, and the secret that its connection string carried, if any. */
export interface LakeLocation {
  /** Blob endpoint of the account, without a slash at its end. */
  readonly blobEndpoint: string;
  /** Data-lake endpoint of the account, without a slash at its end. */
  readonly dfsEndpoint: string;
  readonly account: string;
  readonly container: string;
  /** Folder in the container, without slashes at its ends; empty for the container itself. */
  readonly folder: string;
  readonly secret: { kind: "none" } | { kind: "key"; key: string } | { kind: "sas"; sas: string };
}

const KEY = /^[A-Za-z0-9+/]+={0,2}$/;

const ADVICE =
  "Give the folder as https://<account>.blob.core.windows.net/<container>/<folder>, the same with dfs, or abfss://<container>@<account>.dfs.core.windows.net/<folder>.";

/**
 * Reads a lake folder from a URL or a Kusto-style storage connection string: blob, dfs and abfss forms, an account
 * key after `;` or `;sharedkey=`, or a SAS after `?` (`kusto/api/connection-strings/storage-connection-strings.md`).
 * Throws Terminal where the text is none; the text itself is never repeated in the error, as it may hold a secret.
 */
export function parseLake(text: string): LakeLocation {
  const semicolon = text.indexOf(";");
  const address = (semicolon < 0 ? text : text.slice(0, semicolon)).trim();
  const suffix = semicolon < 0 ? "" : text.slice(semicolon + 1).trim();
  const key = suffix.replace(/^sharedkey=/i, "");
  const url = readUrl(address);
  const place = url.protocol === "abfss:" ? abfssPlace(url) : httpPlace(url);
  if (place.container === "")
    throw new Terminal("The lake folder names no container.", {}, { advice: ADVICE });
  // Words as `impersonate` and `prompt` are made of the same letters, but are no whole base64.
  if (suffix !== "" && !(KEY.test(key) && key.length % 4 === 0)) {
    throw new Terminal(
      "After its semicolon the lake's connection string holds something other than an account key.",
      {},
      {
        advice:
          "Leave it out where the app's own identity is to be used; how the clusters reach the lake is a setting of its own.",
      },
    );
  }
  if (url.search !== "" && !url.searchParams.has("sig")) {
    throw new Terminal("After its question mark the lake's URL holds no SAS.", {}, { advice: ADVICE });
  }
  if (suffix !== "" && url.search !== "") {
    throw new Terminal(
      "The lake's connection string holds both an account key and a SAS.",
      {},
      { advice: "Give one of them." },
    );
  }
  const secret =
    suffix !== ""
      ? ({ kind: "key", key } as const)
      : url.search !== ""
        ? ({ kind: "sas", sas: url.search.slice(1) } as const)
        : ({ kind: "none" } as const);
  return { ...place, secret };
}

/**
 * The folder's URL without any secret: what may be logged, compared and put into Durable history. All forms of one
 * folder have the same, and `parseLake` reads it back.
 */
export function lakeUrl(location: LakeLocation): string {
  const parts = [location.container, ...location.folder.split("/")].filter((part) => part !== "");
  return `${location.blobEndpoint}/${parts.map(encodeURIComponent).join("/")}`;
}

function readUrl(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !["https:", "http:", "abfss:"].includes(url.protocol) || url.hash !== "") {
    throw new Terminal("The lake folder is no storage URL.", {}, { advice: ADVICE });
  }
  if (url.password !== "" || (url.username !== "" && url.protocol !== "abfss:")) {
    throw new Terminal("The lake folder's URL holds a user or a password.", {}, { advice: ADVICE });
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw new Terminal("The lake folder must be reached by https.", {}, { advice: ADVICE });
  }
  return url;
}

function httpPlace(url: URL): Omit<LakeLocation, "secret"> {
  const parts = pathOf(url);
  if (isLoopback(url.hostname)) {
    // Storage emulators carry the account in the path, and serve both kinds of request on one endpoint.
    const [account = "", container = "", ...folder] = parts;
    const endpoint = `${url.protocol}//${url.host}/${account}`;
    return { blobEndpoint: endpoint, dfsEndpoint: endpoint, account, container, folder: folder.join("/") };
  }
  const [container = "", ...folder] = parts;
  return { ...accountEndpoints(url.host), container, folder: folder.join("/") };
}

function abfssPlace(url: URL): Omit<LakeLocation, "secret"> {
  return {
    ...accountEndpoints(url.host),
    container: decoded(url.username),
    folder: pathOf(url).join("/"),
  };
}

function pathOf(url: URL): string[] {
  return url.pathname
    .split("/")
    .filter((part) => part !== "")
    .map(decoded);
}

function decoded(part: string): string {
  let name: string | undefined;
  try {
    name = decodeURIComponent(part);
  } catch {
    name = undefined;
  }
  // An encoded slash could hide `..`, and the folder would be another one when its URL is read again.
  if (name === undefined || name.includes("/")) {
    throw new Terminal(
      "The lake folder's URL holds a percent encoding that names no folder.",
      {},
      { advice: "Write a percent sign of a name as %25, and slashes between folders as they are." },
    );
  }
  return name;
}

function accountEndpoints(host: string): { blobEndpoint: string; dfsEndpoint: string; account: string } {
  const match = /^([a-z0-9-]+)((?:\.[a-z0-9]+)?)\.(blob|dfs)\.(.+)$/.exec(host.toLowerCase());
  if (!match)
    throw new Terminal("The lake folder's host is none of a storage account.", {}, { advice: ADVICE });
  const [, account = "", zone = "", , rest = ""] = match;
  return {
    blobEndpoint: `https://${account}${zone}.blob.${rest}`,
    dfsEndpoint: `https://${account}${zone}.dfs.${rest}`,
    account,
  };
}

function isLoopback(host: string): boolean {
  return host === "127.0.0.1" || host === "localhost" || host === "[::1]";
}
