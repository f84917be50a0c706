import { isLoopback, isStorageHost } from "../kusto/login/clouds.ts";
import type { Terminal } from "../model/errors.ts";

/** Where a lake folder lies. */
export interface LakePlace {
  /** Blob endpoint of the account, without a slash at its end. */
  readonly blobEndpoint: string;
  /** Data-lake endpoint of the account, without a slash at its end. */
  readonly dfsEndpoint: string;
  readonly account: string;
  readonly container: string;
  /** Folder in the container, without slashes at its ends; empty for the container itself. */
  readonly folder: string;
}

type Refusal = (what: string) => Terminal;

/**
 * Reads a blob, dfs or abfss address (`kusto/api/connection-strings/storage-connection-strings.md`), and the SAS after
 * its question mark if there is one.
 */
export function readAddress(
  address: string,
  invalid: Refusal,
): LakePlace & { readonly sas: string | undefined } {
  const url = readUrl(address, invalid);
  const place = url.protocol === "abfss:" ? abfssPlace(url, invalid) : httpPlace(url, invalid);
  if (place.container === "") throw invalid("its address names no container");
  if (url.search !== "" && !url.searchParams.has("sig"))
    throw invalid("after its question mark the address holds no SAS");
  return { ...place, sas: url.search === "" ? undefined : url.search.slice(1) };
}

/**
 * The folder's URL without any secret: what may be logged, compared and put into Durable history. All forms of one
 * folder have the same, and `parseLake` reads it back.
 */
export function lakeUrl(place: LakePlace): string {
  const parts = [place.container, ...place.folder.split("/")].filter((part) => part !== "");
  return `${place.blobEndpoint}/${parts.map(encodeURIComponent).join("/")}`;
}

/** Whether tokens may be sent there: to https hosts that Azure issues, and to no other. */
export function takesTokens(place: LakePlace): boolean {
  const url = new URL(place.blobEndpoint);
  return url.protocol === "https:" && isStorageHost(url.hostname);
}

/** Whether a lake is OneLake's, which knows no SAS. */
export function isOneLake(place: LakePlace): boolean {
  return /(^|\.)fabric\.microsoft\.com$/i.test(new URL(place.blobEndpoint).hostname);
}

function readUrl(address: string, invalid: Refusal): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !["https:", "http:", "abfss:"].includes(url.protocol) || url.hash !== "")
    throw invalid("its address is no storage URL");
  if (url.password !== "" || (url.username !== "" && url.protocol !== "abfss:"))
    throw invalid("its address holds a user or a password");
  if (url.protocol === "http:" && !isLoopback(url.hostname))
    throw invalid("its address must be one of https");
  return url;
}

function httpPlace(url: URL, invalid: Refusal): LakePlace {
  const parts = pathOf(url, invalid);
  if (isLoopback(url.hostname)) {
    // Storage emulators carry the account in the path, and serve both kinds of request on one endpoint.
    const [account = "", container = "", ...folder] = parts;
    const endpoint = `${url.protocol}//${url.host}/${account}`;
    return { blobEndpoint: endpoint, dfsEndpoint: endpoint, account, container, folder: folder.join("/") };
  }
  const [container = "", ...folder] = parts;
  return { ...accountEndpoints(url.host, invalid), container, folder: folder.join("/") };
}

function abfssPlace(url: URL, invalid: Refusal): LakePlace {
  return {
    ...accountEndpoints(url.host, invalid),
    container: decoded(url.username, invalid),
    folder: pathOf(url, invalid).join("/"),
  };
}

function pathOf(url: URL, invalid: Refusal): string[] {
  return url.pathname
    .split("/")
    .filter((part) => part !== "")
    .map((part) => decoded(part, invalid));
}

function decoded(part: string, invalid: Refusal): string {
  let name: string | undefined;
  try {
    name = decodeURIComponent(part);
  } catch {
    name = undefined;
  }
  // An encoded slash could hide `..`, and the folder would be another one when its URL is read again.
  if (name === undefined || name.includes("/")) {
    throw invalid(
      "its address holds a percent encoding that names no folder: write a percent sign of a name as %25, and slashes between folders as they are",
    );
  }
  return name;
}

function accountEndpoints(
  host: string,
  invalid: Refusal,
): { blobEndpoint: string; dfsEndpoint: string; account: string } {
  const match = /^([a-z0-9-]+)((?:\.[a-z0-9]+)?)\.(blob|dfs)\.(.+)$/.exec(host.toLowerCase());
  if (!match) throw invalid("the host of its address is none of a storage account");
  const [, account = "", zone = "", , rest = ""] = match;
  return {
    blobEndpoint: `https://${account}${zone}.blob.${rest}`,
    dfsEndpoint: `https://${account}${zone}.dfs.${rest}`,
    account,
  };
}
