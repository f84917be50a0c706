import {
  flag,
  invalid,
  type Keyword,
  type Properties,
  readProperties,
  splitSegments,
} from "./connectionProperties.ts";

/** How to log in to a cluster. Secrets are only in here, and `displayCluster` never shows them. */
export type KustoLogin =
  | { readonly kind: "none" }
  /** The identity the process has: managed identity where deployed, developer login elsewhere. */
  | { readonly kind: "default"; readonly tenantId?: string }
  | { readonly kind: "managedIdentity"; readonly clientId?: string }
  | {
      readonly kind: "applicationKey";
      readonly clientId: string;
      readonly key: string;
      readonly tenantId: string;
    }
  | {
      readonly kind: "applicationCertificate";
      readonly clientId: string;
      readonly tenantId: string;
      readonly pem: string;
      readonly sendCertificateChain: boolean;
    }
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "azureCli"; readonly tenantId?: string }
  | {
      readonly kind: "userPassword";
      readonly user: string;
      readonly password: string;
      readonly tenantId?: string;
    };

export interface KustoConnection {
  /** The query endpoint without a slash at its end. */
  readonly cluster: string;
  readonly database?: string;
  readonly login: KustoLogin;
  readonly applicationName?: string;
  readonly userName?: string;
}

/**
 * Reads a bare URI or a Kusto connection string (`kusto/api/connection-strings/kusto.md`): a URI, with the default
 * database as its path, then properties in any case and spacing, values with `;` or quotes in double quotes. Plain
 * http is a local cluster without login.
 */
export function parseKustoConnection(text: string): KustoConnection {
  if (text.trim() === "") throw invalid("it is empty");
  const properties = readProperties(splitSegments(text));
  const source = properties.get("dataSource");
  if (source === undefined) throw invalid("it names no cluster (Data Source)");
  const { cluster, path } = clusterUri(source.value);
  const named = properties.get("database")?.value;
  if (named !== undefined && path !== undefined && named !== path) {
    throw invalid(`it names two databases, "${path}" in the URI and "${named}"`);
  }
  const database = named ?? path;
  const applicationName = properties.get("applicationName")?.value;
  const userName = properties.get("userName")?.value;
  return {
    cluster,
    login: readLogin(properties, new URL(cluster).protocol === "http:"),
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
    throw invalid(`"${text.split(/[@?]/)[0]}" is not the address of a cluster`);
  }
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw invalid(`"${url.protocol}" is not http or https`);
  if (url.username !== "" || url.password !== "")
    throw invalid("the address of the cluster carries a user or password");
  if (url.search !== "" || url.hash !== "")
    throw invalid("the address of the cluster carries a query or fragment");
  const segments = url.pathname.split("/").filter((segment) => segment !== "");
  if (segments.length > 1) throw invalid("the address of the cluster has more than a database in its path");
  const [first] = segments;
  return { cluster: url.origin, path: first === undefined ? undefined : decodeURIComponent(first) };
}

function readLogin(properties: Properties, plainHttp: boolean): KustoLogin {
  const given = (keyword: Keyword) => properties.get(keyword)?.value;
  const ways = loginWays(properties);
  if (plainHttp) {
    if (ways.length > 0) throw invalid(`"${ways[0]}" would send a login over plain http`);
    return { kind: "none" };
  }
  const federated = flag(properties, "federated");
  if (federated === false) {
    throw invalid(
      `"${properties.get("federated")?.name}=false" leaves no way to log in to ${given("dataSource")}`,
    );
  }
  if (ways.length > 1)
    throw invalid(`"${ways[0]}" and "${ways[1]}" contradict each other: choose one way to log in`);
  const tenantId = given("authority");
  const tenant = tenantId === undefined ? {} : { tenantId };
  const clientId = given("clientId");
  const key = given("applicationKey");
  if (key !== undefined)
    return {
      kind: "applicationKey",
      clientId: need(clientId, "Application Client Id"),
      key,
      tenantId: need(tenantId, "Authority Id"),
    };
  const pem = given("certificate");
  if (pem !== undefined) {
    return {
      kind: "applicationCertificate",
      clientId: need(clientId, "Application Client Id"),
      tenantId: need(tenantId, "Authority Id"),
      pem,
      sendCertificateChain: flag(properties, "sendX5c") ?? false,
    };
  }
  if (properties.has("sendX5c"))
    throw invalid(`"${properties.get("sendX5c")?.name}" needs an application certificate`);
  const token = given("applicationToken") ?? given("userToken");
  if (token !== undefined) return { kind: "token", token };
  const identity = given("managedIdentity");
  if (identity !== undefined) {
    const own = /^(system|systemassigned|true)$/i.test(identity);
    return own ? { kind: "managedIdentity" } : { kind: "managedIdentity", clientId: identity };
  }
  if (flag(properties, "azCli") === true) return { kind: "azureCli", ...tenant };
  const password = given("password");
  if (password !== undefined)
    return { kind: "userPassword", user: need(given("userId"), "User ID"), password, ...tenant };
  if (clientId !== undefined)
    throw invalid(`"${properties.get("clientId")?.name}" needs an application key or certificate`);
  return { kind: "default", ...tenant };
}

/** The properties that each choose a way to log in, by the names they were given. */
function loginWays(properties: Properties): string[] {
  for (const keyword of ["certificateThumbprint", "certificateSubject"] as const) {
    const property = properties.get(keyword);
    if (property !== undefined) {
      throw invalid(
        `"${property.name}" names a certificate in a store of the machine, which a serverless app hasn't: give "Application Certificate PrivateKey" or use a managed identity`,
      );
    }
  }
  const user = properties.get("userId");
  if (user !== undefined && !properties.has("password")) {
    throw invalid(`"${user.name}" asks for a prompt, which nobody would answer here`);
  }
  const keywords = [
    "applicationKey",
    "certificate",
    "applicationToken",
    "userToken",
    "managedIdentity",
    "password",
  ] as const;
  const ways = keywords.flatMap((keyword) => properties.get(keyword)?.name ?? []);
  const azCli = properties.get("azCli");
  return azCli !== undefined && flag(properties, "azCli") === true ? [...ways, azCli.name] : ways;
}

function need(value: string | undefined, name: string): string {
  if (value === undefined) throw invalid(`"${name}" is missing`);
  return value;
}
