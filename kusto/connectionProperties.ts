import { Terminal } from "../model/errors.ts";

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

/** What was given, and the name it was given by. */
export type Properties = Map<Keyword, { readonly name: string; readonly value: string }>;

/** `name=value` pairs; a first segment without a name is the data source. */
export function splitSegments(text: string): string[] {
  const segments: string[] = [];
  let current = "";
  let quoted = false;
  for (const character of text) {
    if (character === '"') quoted = !quoted;
    if (character === ";" && !quoted) {
      segments.push(current);
      current = "";
    } else current += character;
  }
  if (quoted) throw invalid("a double quotation mark isn't closed");
  segments.push(current);
  return segments.map((segment) => segment.trim()).filter((segment) => segment !== "");
}

/** Each property with its value; unknown names and contradictions are refused by name. */
export function readProperties(segments: readonly string[]): Properties {
  const properties: Properties = new Map();
  for (const [index, segment] of segments.entries()) {
    const equals = segment.indexOf("=");
    const isUri = index === 0 && /^[a-z][a-z0-9+.-]*:\/\//i.test(segment);
    if (equals < 0 && !isUri) throw invalid(withoutValue(segment, index));
    const name = isUri ? "Data Source" : segment.slice(0, equals).trim();
    const keyword = KEYWORDS.get(name.toLowerCase().replace(/\s+/g, ""));
    if (keyword === undefined) throw invalid(unknownKeyword(name));
    const value = unquote((isUri ? segment : segment.slice(equals + 1)).trim(), name);
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

function unknownKeyword(name: string): string {
  if (/^query\s*consistency$/i.test(name)) {
    return `"${name}" can't be set: the app chooses the consistency of each query itself`;
  }
  return `"${name}" is not a known property`;
}

function unquote(value: string, name: string): string {
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
export function flag(properties: Properties, keyword: Keyword): boolean | undefined {
  const property = properties.get(keyword);
  if (property === undefined) return undefined;
  if (/^(true|yes|1)$/i.test(property.value)) return true;
  if (/^(false|no|0)$/i.test(property.value)) return false;
  throw invalid(`"${property.name}" is true or false`);
}

/** The error of a connection string that can't be used. */
export function invalid(what: string): Terminal {
  return new Terminal(
    `The Kusto connection string can't be used: ${what}`,
    {},
    {
      advice:
        "See kusto/api/connection-strings/kusto.md for its form; a bare https://… address uses the app's own identity.",
    },
  );
}
