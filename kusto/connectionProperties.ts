import type { Terminal } from "../model/errors.ts";

/** The properties of a connection string, each under one name. */
export type Keyword =
  | "dataSource"
  | "database"
  | "federated"
  | "authority"
  | "clientId"
  | "applicationKey"
  | "applicationToken"
  | "userToken"
  | "certificate"
  | "certificateThumbprint"
  | "certificateSubject"
  | "sendX5c"
  | "managedIdentity"
  | "azCli"
  | "userId"
  | "password"
  | "applicationName"
  | "userName"
  | "consistency"
  | "harmless";

/**
 * Names and aliases of the properties (`kusto/api/connection-strings/kusto.md`), compared in lower case and without
 * spaces, which is how every documented spelling of one falls together.
 */
const KEYWORDS: ReadonlyMap<string, Keyword> = new Map(
  Object.entries({
    dataSource: ["datasource", "addr", "address", "networkaddress", "server"],
    database: ["initialcatalog", "database"],
    federated: [
      "microsoftentraidfederatedsecurity",
      "aadfederatedsecurity",
      "federatedsecurity",
      "federated",
      "fed",
      "aadfed",
    ],
    authority: ["authorityid", "authority", "tenantid", "tenant", "tid"],
    clientId: ["applicationclientid", "appclientid"],
    applicationKey: ["applicationkey", "appkey"],
    applicationToken: ["applicationtoken", "apptoken"],
    userToken: ["usertoken", "usrtoken"],
    certificate: ["applicationcertificateprivatekey", "applicationcertificateblob"],
    certificateThumbprint: ["applicationcertificatethumbprint", "appcert"],
    certificateSubject: [
      "applicationcertificatesubjectdistinguishedname",
      "applicationcertificatesubject",
      "applicationcertificateissuerdistinguishedname",
      "applicationcertificateissuer",
    ],
    sendX5c: [
      "applicationcertificatesendx5c",
      "applicationcertificatesendpubliccertificate",
      "applicationcertificatex5c",
      "sendx5c",
    ],
    managedIdentity: ["managedserviceidentity", "managedidentity", "embeddedmanagedidentity", "msi"],
    azCli: ["azcli", "azurecli"],
    userId: ["userid", "uid", "user", "aaduserid"],
    password: ["password", "pwd"],
    applicationName: ["applicationnamefortracing", "traceappname"],
    userName: ["usernamefortracing", "traceusername"],
    consistency: ["queryconsistency"],
    // Of other clients' transport and tracing; they change nothing of what is answered.
    harmless: [
      "clientversionfortracing",
      "traceclientversion",
      "accept",
      "streaming",
      "uncompressed",
      "azureregion",
      "region",
    ],
  }).flatMap(([keyword, names]) => names.map((name): [string, Keyword] => [name, keyword as Keyword])),
);

/** Makes the error of a string that can't be used from what is wrong with it, which holds names and never values. */
export type Refusal = (what: string) => Terminal;

/** What was given, and the name it was given by. */
export type Properties = Map<Keyword, { readonly name: string; readonly value: string }>;

/** The segments between semicolons, those inside of double quotation marks kept together; empty ones are left out. */
export function splitSegments(text: string, invalid: Refusal): string[] {
  if ((text.match(/"/g)?.length ?? 0) % 2 !== 0) throw invalid("a double quotation mark isn't closed");
  return splitOutsideQuotes(text, /;/);
}

/**
 * The parts of a text between the matches of a separator, trimmed, empty ones left out. What stands inside of double
 * quotation marks separates nothing.
 */
export function splitOutsideQuotes(text: string, separator: RegExp): string[] {
  const bare = text.replace(/"[^"]*"/g, (quoted) => "_".repeat(quoted.length));
  const parts: string[] = [];
  let from = 0;
  for (const match of bare.matchAll(new RegExp(separator, `${separator.flags.replace("g", "")}g`))) {
    parts.push(text.slice(from, match.index));
    from = match.index + match[0].length;
  }
  parts.push(text.slice(from));
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

/**
 * Each property with its value: `name=value`, and a first segment without a name is the data source. Unknown names
 * and contradictions are refused by name.
 */
export function readProperties(segments: readonly string[], invalid: Refusal): Properties {
  const properties: Properties = new Map();
  for (const [index, segment] of segments.entries()) {
    const equals = segment.indexOf("=");
    const isUri = index === 0 && /^[a-z][a-z0-9+.-]*:\/\//i.test(segment);
    if (equals < 0 && !isUri) throw invalid(withoutValue(segment, index));
    const name = isUri ? "Data Source" : segment.slice(0, equals).trim();
    const keyword = KEYWORDS.get(name.toLowerCase().replace(/\s+/g, ""));
    const text = segment.slice(equals + 1).trim();
    if (keyword === undefined) throw invalid(unknownName(name, text, index, properties));
    const value = unquote(isUri ? segment : text, name, invalid);
    const earlier = properties.get(keyword);
    if (earlier !== undefined && keyword !== "harmless" && earlier.value !== value) {
      throw invalid(`"${earlier.name}" and "${name}" give the same property different values`);
    }
    if (value !== "") properties.set(keyword, { name, value });
  }
  return properties;
}

/** A part without a value may be the rest of a secret that has a semicolon in it: only a known name is repeated. */
function withoutValue(segment: string, index: number): string {
  const known = KEYWORDS.has(segment.toLowerCase().replace(/\s+/g, ""));
  return known
    ? `"${segment}" has no value`
    : `its part ${index + 1} is neither an address nor name=value; a value with a semicolon goes between double quotation marks`;
}

/**
 * An unknown name is repeated where it reads like one, and not where it may be a piece of a secret: the rest of
 * somebody's password, or a broken key, which ends in equals signs.
 */
function unknownName(name: string, text: string, index: number, before: Properties): string {
  const readsLikeOne =
    /^[A-Za-z][A-Za-z0-9 _-]{0,59}$/.test(name) && !before.has("password") && /[^=]/.test(text);
  return readsLikeOne
    ? `"${name}" is not a known property`
    : `its part ${index + 1} is no known property; a value with a semicolon goes between double quotation marks`;
}

function unquote(value: string, name: string, invalid: Refusal): string {
  if (!value.startsWith('"')) {
    if (value.includes('"'))
      throw invalid(`the value of "${name}" has a quotation mark inside; put all of it between double ones`);
    return value;
  }
  if (value.length < 2 || !value.endsWith('"'))
    throw invalid(`the value of "${name}" isn't closed by a quotation mark`);
  return value.slice(1, -1).replaceAll('""', '"');
}

/** A property that is true or false. */
export function flag(properties: Properties, keyword: Keyword, invalid: Refusal): boolean | undefined {
  const property = properties.get(keyword);
  if (property === undefined) return undefined;
  if (/^(true|yes|1)$/i.test(property.value)) return true;
  if (/^(false|no|0)$/i.test(property.value)) return false;
  throw invalid(`"${property.name}" is true or false`);
}
