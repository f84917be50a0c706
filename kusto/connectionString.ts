import { Terminal } from "../model/errors.ts";
import { type Properties, readProperties, splitSegments } from "./connectionProperties.ts";
import { isLoopback } from "./login/clouds.ts";
import { type Login, loginNames, readLogin } from "./login/login.ts";

/** How to log in to a cluster: `none` is for a local one alone. */
export type KustoLogin = Login | { readonly kind: "none" };

export interface KustoConnection {
  /** The query endpoint without a slash at its end. */
  readonly cluster: string;
  readonly database?: string;
  readonly login: KustoLogin;
  readonly applicationName?: string;
  readonly userName?: string;
}

/** `@help/Samples`, which Kusto's tools take for `https://help.kusto.windows.net/Samples`. */
const SHORTHAND = /^\s*@([a-z0-9][a-z0-9.-]*)(?=[/;]|\s*$)/i;

function fullForm(_: string, name: string): string {
  return `https://${name}.kusto.windows.net`;
}

/**
 * Reads a bare URI or a Kusto connection string (`kusto/api/connection-strings/kusto.md`): a URI, with the default
 * database as its path, then properties in any case and spacing, values with `;` or quotes in double quotes. Plain
 * http is a local cluster without login.
 */
export function parseKustoConnection(text: string): KustoConnection {
  if (text.trim() === "") throw invalid("it is empty");
  const properties = readProperties(splitSegments(text.replace(SHORTHAND, fullForm), invalid), invalid);
  const source = properties.get("dataSource");
  if (source === undefined) throw invalid("it names no cluster (Data Source)");
  refuseWeakConsistency(properties);
  const { cluster, path } = clusterUri(source.value);
  const named = properties.get("database")?.value;
  if (named !== undefined && path !== undefined && named !== path) {
    throw invalid(`it names two databases, in the address and by "${properties.get("database")?.name}"`);
  }
  const database = named ?? path;
  const applicationName = properties.get("applicationName")?.value;
  const userName = properties.get("userName")?.value;
  return {
    cluster,
    login: loginOf(properties, new URL(cluster).protocol === "http:"),
    ...(database === undefined ? {} : { database }),
    ...(applicationName === undefined ? {} : { applicationName }),
    ...(userName === undefined ? {} : { userName }),
  };
}

/** The cluster as it may be shown, logged and stored: its address and nothing else. */
export function displayCluster(connection: KustoConnection): string {
  return connection.cluster;
}

function clusterUri(text: string): { cluster: string; path: string | undefined } {
  let url: URL;
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`);
  } catch {
    throw invalid("its Data Source is not the address of a cluster");
  }
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw invalid("the address of the cluster is not http or https");
  if (url.username !== "" || url.password !== "")
    throw invalid("the address of the cluster carries a user or password");
  // What is sent to a cluster holds the key to staged files.
  if (url.protocol === "http:" && !isLoopback(url.hostname))
    throw invalid("plain http is for a cluster on this machine: give an https address");
  if (url.search !== "" || url.hash !== "")
    throw invalid("the address of the cluster carries a query or fragment");
  const segments = url.pathname.split("/").filter((segment) => segment !== "");
  if (segments.length > 1) throw invalid("the address of the cluster has more than a database in its path");
  if (url.hostname.startsWith("ingest-"))
    throw invalid(`"${url.hostname}" is an ingestion endpoint: give the query endpoint, without "ingest-"`);
  return { cluster: url.origin, path: segments.map(databaseName)[0] };
}

function databaseName(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalid("the database in the address holds a broken percent encoding");
  }
}

function loginOf(properties: Properties, plainHttp: boolean): KustoLogin {
  const login = readLogin(properties, invalid);
  if (!plainHttp) return login;
  const [way] = loginNames(properties);
  if (way !== undefined) throw invalid(`"${way}" would send a login over plain http`);
  return { kind: "none" };
}

/** A query that must see all of the data asks for strong consistency by itself; no other is weakened by a string. */
function refuseWeakConsistency(properties: Properties): void {
  const consistency = properties.get("consistency");
  if (consistency === undefined || /^strongconsistency$/i.test(consistency.value)) return;
  throw invalid(
    `"${consistency.name}" can only be strongconsistency: a copy that reads weakly consistent data would miss rows`,
  );
}

/** The error of a connection string that can't be used. */
function invalid(what: string): Terminal {
  return new Terminal(
    `The Kusto connection string can't be used: ${what}`,
    {},
    {
      advice: "docs/sign-in.md shows its forms; a bare https://… address uses the app's own identity.",
    },
  );
}
