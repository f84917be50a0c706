import { KustoError } from "../kustoError.ts";

/** How a storage connection string says to authenticate. */
export type StorageAuthentication =
  | { readonly kind: "none" }
  | { readonly kind: "sas"; readonly sas: string }
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "impersonate" }
  | { readonly kind: "managedIdentity"; readonly identity: string }
  | { readonly kind: "token"; readonly token: string };

/** A storage connection string, taken apart. */
export type StorageLocation =
  | { readonly kind: "file"; readonly path: string; readonly printable: string }
  | {
      readonly kind: "blob";
      /** Scheme and host, and the account's name where it stands in the path. */
      readonly endpoint: string;
      readonly account: string;
      readonly container: string;
      /** Path in the container, decoded, without slashes around it; empty for the container itself. */
      readonly path: string;
      readonly authentication: StorageAuthentication;
      /** The URL without any secret, as answers and errors may show it. */
      readonly printable: string;
    }
  | { readonly kind: "web"; readonly url: string; readonly printable: string };

function badConnectionString(reason: string): KustoError {
  return new KustoError(
    400,
    "BadRequest_InvalidConnectionString",
    "Kusto.Data.Exceptions.KustoBadRequestException",
    `The storage connection string is not valid: ${reason}`,
    true,
  );
}

function authenticationOf(suffix: string, sas: string): StorageAuthentication {
  if (suffix === "") return sas === "" ? { kind: "none" } : { kind: "sas", sas };
  const lower = suffix.toLowerCase();
  if (lower === "impersonate") return { kind: "impersonate" };
  const named = /^([A-Za-z_]+)=(.+)$/s.exec(suffix);
  const name = named?.[1]?.toLowerCase();
  const value = named?.[2] ?? "";
  if (name === "managed_identity") return { kind: "managedIdentity", identity: value };
  if (name === "token") return { kind: "token", token: value };
  if (name === "sharedkey") return { kind: "key", key: value };
  if (name === "awscredentials") throw badConnectionString("Amazon S3 is not supported by the local Kusto.");
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(suffix)) return { kind: "key", key: suffix };
  throw badConnectionString("the authentication method after ';' is not known.");
}

const hostHoldsAccount = (host: string): boolean => !/^(\[|localhost$|\d+\.\d+\.\d+\.\d+$)/.test(host);

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw badConnectionString("its path is not valid percent-encoding.");
  }
}

function blobLocation(url: URL, authentication: StorageAuthentication): StorageLocation {
  const segments = url.pathname.split("/").filter((segment) => segment !== "");
  const inHost = hostHoldsAccount(url.hostname);
  const account = inHost ? url.hostname.split(".")[0] : segments.shift();
  const container = segments.shift();
  if (account === undefined || container === undefined) throw badConnectionString("it names no container.");
  const endpoint = inHost ? url.origin : `${url.origin}/${account}`;
  return {
    kind: "blob",
    endpoint,
    account,
    container: decodePath(container),
    path: segments.map(decodePath).join("/"),
    authentication,
    printable: `${url.origin}${url.pathname}`,
  };
}

/**
 * Whether a URL without credentials of its own after a `;` is one of a storage account. At a bare address, where a
 * storage account's URLs look like any other, its signature says so; without one it is read like any other.
 */
const isStorageUrl = (url: URL): boolean =>
  hostHoldsAccount(url.hostname)
    ? /\.(blob|dfs)\.(core\.|storage\.|fabric\.)/.test(`${url.hostname}.`)
    : url.searchParams.has("sig");

/**
 * Takes a storage connection string apart: blob and data lake endpoints by `https://` (or `http://` on one
 * machine, the account's name first in the path) and `abfss://`, local files, and other web addresses, which
 * can only be read (`kusto/api/connection-strings/storage-connection-strings.md`).
 */
export function parseStorageLocation(connectionString: string): StorageLocation {
  const text = connectionString.trim();
  if (text.startsWith("file://")) {
    const path = decodePath(new URL(text).pathname);
    return { kind: "file", path, printable: text };
  }
  if (text.startsWith("/") || /^[A-Za-z]:[\\/]/.test(text))
    return { kind: "file", path: text, printable: text };
  const semicolon = text.indexOf(";");
  const address = semicolon < 0 ? text : text.slice(0, semicolon);
  const suffix = semicolon < 0 ? "" : text.slice(semicolon + 1).replace(/;$/, "");
  const lake = /^abfss:\/\/([^@/]+)@([^/?]+)(\/[^?]*)?(\?.*)?$/.exec(address);
  const normal = lake === null ? address : `https://${lake[2]}/${lake[1]}${lake[3] ?? ""}${lake[4] ?? ""}`;
  if (!/^https?:\/\//.test(normal)) throw badConnectionString("its scheme is not supported.");
  let url: URL;
  try {
    url = new URL(normal);
  } catch {
    throw badConnectionString("it is not a URL.");
  }
  const authentication = authenticationOf(suffix, url.search.slice(1));
  if ((authentication.kind === "none" || authentication.kind === "sas") && !isStorageUrl(url))
    return { kind: "web", url: normal, printable: `${url.origin}${url.pathname}` };
  return blobLocation(url, authentication);
}
