import {
  type Properties,
  readProperties,
  splitOutsideQuotes,
  splitSegments,
} from "../kusto/connectionProperties.ts";
import { type Login, loginNames, readLogin } from "../kusto/login/login.ts";
import { Terminal } from "../model/errors.ts";
import { type LakePlace, lakeUrl, readAddress, takesTokens } from "./address.ts";
import { type ClusterAccess, clusterAccessText, readClusterAccess } from "./clusterAccess.ts";

export { lakeUrl } from "./address.ts";

/** How the app logs in to a lake. Secrets are only in here, and `lakeUrl` never shows them. */
export type LakeLogin =
  | Login
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "sas"; readonly sas: string };

/** A lake folder, how the app logs in to it, and how the clusters reach it where that was given. */
export interface LakeLocation extends LakePlace {
  readonly login: LakeLogin;
  readonly access?: ClusterAccess;
}

const ADVICE =
  "Give the folder as https://<account>.blob.core.windows.net/<container>/<folder>, the same with dfs, or abfss://<container>@<account>.dfs.core.windows.net/<folder>; without credentials the app's own identity is used.";

/**
 * Reads a lake folder from a URL or a connection string, in the forms of two documents: a storage URL, with an account
 * key, a SAS or a token (`kusto/api/connection-strings/storage-connection-strings.md`), and the login properties that
 * clusters have (`kusto/api/connection-strings/kusto.md`). All of these are the app's own login. `;impersonate` and
 * `;managed_identity=…` say how the clusters reach the folder.
 *
 * Throws Terminal that names what is wrong; no value is repeated, as it may be a secret.
 */
export function parseLake(text: string): LakeLocation {
  const all = splitSegments(text, invalid);
  const parts = all.map((segment, index) => (index === 0 ? undefined : storagePart(segment)));
  const properties = readProperties(
    all.filter((_, index) => parts[index] === undefined),
    invalid,
  );
  const source = properties.get("dataSource");
  if (source === undefined) throw invalid("it names no folder (a URL, or Data Source)");
  const { sas, ...place } = readAddress(source.value, invalid);
  const given = parts.filter((part) => part !== undefined);
  const access = onlyOne(given.flatMap((part) => (part.access ? [part.access] : [])));
  const logins = given.flatMap((part) => (part.login ? [part.login] : []));
  const login = chosenLogin(properties, sas === undefined ? logins : [{ kind: "sas", sas }, ...logins]);
  refuseForeignProperties(properties);
  if (!takesTokens(place) && login.kind !== "key" && login.kind !== "sas") refuseTokens(login, place);
  return { ...place, login, ...(access === undefined ? {} : { access }) };
}

/**
 * Reads several lake folders, separated by white space. Throws Terminal where there is none, or one twice; where there
 * are several it says which of them is wrong.
 */
export function parseLakes(text: string): [LakeLocation, ...LakeLocation[]] {
  const texts = splitOutsideQuotes(text, BETWEEN_LAKES);
  const [first, ...others] = texts.map((each, index) => {
    try {
      return parseLake(each);
    } catch (error) {
      if (!(error instanceof Terminal) || texts.length === 1) throw error;
      throw new Terminal(`Lake folder ${index + 1}: ${error.reason}`, {}, { advice: error.advice });
    }
  });
  if (first === undefined) throw invalid("it is empty");
  const urls = [first, ...others].map(lakeUrl);
  const twice = urls.find((url, index) => urls.indexOf(url) !== index);
  if (twice !== undefined) throw invalid(`the folder ${twice} is given twice`);
  return [first, ...others];
}

/** Whether a connection string is one of a lake rather than of a cluster, by its address alone. */
export function looksLikeLake(text: string): boolean {
  return [
    /\babfss:\/\//i,
    /\bhttps?:\/\/[^/;\s"]+\.(blob|dfs)\./i,
    // An emulator's account and container, where a cluster has a database at most.
    /\bhttps?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\/[^/;\s"]+\/[^/;\s"]+/i,
  ].some((form) => form.test(text));
}

/** A lake's string without its login: its URL, and how the clusters reach it where that was given. `parseLake` reads it. */
export function publicLake(location: LakeLocation): string {
  const { access } = location;
  return access === undefined ? lakeUrl(location) : `${lakeUrl(location)};${clusterAccessText(access)}`;
}

/** Whether a lake's string holds a credential, rather than leaving the login to an identity of the app's machine. */
export function carriesLogin(location: LakeLocation): boolean {
  return location.login.kind !== "default" || location.login.tenantId !== undefined;
}

/** White space before an address or a data source; spaces inside of a name, and around its `=` and `;`, separate nothing. */
const SOURCE_NAMES = "data\\s*source|addr|address|network\\s*address|server";
const BETWEEN_LAKES = new RegExp(
  `(?<!;\\s*|(?:${SOURCE_NAMES})\\s*=\\s*|\\bnetwork\\s*|\\bdata\\s*)\\s+(?=(?:https?|abfss)://|(?:${SOURCE_NAMES})\\s*=)`,
  "i",
);

const KEY = /^[A-Za-z0-9+/]+={0,2}$/;

/** A part in the form of storage connection strings; undefined for one that is a property. */
function storagePart(
  segment: string,
): { readonly login?: LakeLogin; readonly access?: ClusterAccess } | undefined {
  const access = /^sas$/i.test(segment) ? undefined : readClusterAccess(segment);
  if (access !== undefined) return { access };
  // Words as `impersonate` and `prompt` are made of the same letters, but are no whole base64.
  if (KEY.test(segment) && segment.length % 4 === 0) return { login: { kind: "key", key: segment } };
  const [, name = "", value = ""] =
    /^(token|sharedkey|awscredentials|managed_identity)\s*=\s*(.*)$/is.exec(segment) ?? [];
  switch (name.toLowerCase()) {
    case "token":
      if (value === "") throw invalid(`"${name}" has no value`);
      return { login: { kind: "token", token: value } };
    case "sharedkey":
      // The documentation's own example has a SAS there.
      if (new URLSearchParams(value).has("sig")) return { login: { kind: "sas", sas: value } };
      if (!KEY.test(value) || value.length % 4 !== 0) throw invalid(`"${name}" holds no account key`);
      return { login: { kind: "key", key: value } };
    case "awscredentials":
      throw invalid(
        `"${name}" is of Amazon S3, which files can't be ingested from and cleaned up in as a lake's are`,
      );
    case "managed_identity":
      throw invalid(`"${name}" is neither system nor an object id`);
    default:
      return undefined;
  }
}

function onlyOne(accesses: readonly ClusterAccess[]): ClusterAccess | undefined {
  const [access, other] = accesses;
  if (access !== undefined && other !== undefined)
    throw invalid("it says twice how the clusters reach the folder (impersonate, managed_identity)");
  return access;
}

/** The one login that is given: in the address, at its end, or by properties. */
function chosenLogin(properties: Properties, logins: readonly LakeLogin[]): LakeLogin {
  const byProperties = readLogin(properties, invalid);
  const names = [...logins.map(({ kind }) => LOGIN_NAMES[kind] ?? kind), ...loginNames(properties)];
  if (names.length > 1 && logins.length > 0)
    throw invalid(`it holds both ${names[0]} and ${names[1]}: give one of them`);
  return logins[0] ?? byProperties;
}

const LOGIN_NAMES: Readonly<Record<string, string>> = {
  key: "an account key",
  sas: "a SAS",
  token: "a token",
};

function refuseForeignProperties(properties: Properties): void {
  for (const keyword of ["database", "consistency"] as const) {
    const property = properties.get(keyword);
    if (property !== undefined) throw invalid(`"${property.name}" is a property of clusters and of no lake`);
  }
}

/** A token that is sent to a host of somebody else's would be theirs to use. */
function refuseTokens(login: LakeLogin, place: LakePlace): void {
  const { protocol } = new URL(place.blobEndpoint);
  if (protocol === "http:") {
    // An emulator's folder whose key is elsewhere in the settings is named without one.
    if (login.kind === "default") return;
    throw invalid(
      "a login by token would be sent over plain http: an emulator takes an account key or a SAS",
    );
  }
  throw invalid(
    "its host has no known ending of a storage account, so no token is sent there: give an account key or a SAS",
  );
}

function invalid(what: string): Terminal {
  return new Terminal(`The lake's connection string can't be used: ${what}`, {}, { advice: ADVICE });
}
