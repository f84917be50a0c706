import { flag, type Keyword, type Properties, type Refusal } from "../connectionProperties.ts";

/** How to log in. Secrets are only in here, and nothing that is shown is made of it. */
export type Login =
  /**
   * The identity the process has: environment, workload or managed identity where deployed, developer tools elsewhere,
   * and a prompt after them where a person is there.
   */
  | { readonly kind: "default"; readonly tenantId?: string }
  /** By client id or by resource id; the system-assigned one without either. */
  | { readonly kind: "managedIdentity"; readonly clientId?: string; readonly resourceId?: string }
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
    }
  /** A prompt for this user: in a browser, or by a device code where there is none. */
  | { readonly kind: "prompt"; readonly user: string; readonly tenantId?: string };

/**
 * The properties that each choose a way to log in, with those that belong to that way alone
 * ("Supported property combinations" of `kusto/api/connection-strings/kusto.md`).
 */
const WAYS: readonly { readonly by: Keyword; readonly with: readonly Keyword[] }[] = [
  { by: "applicationKey", with: ["clientId"] },
  { by: "certificate", with: ["clientId", "sendX5c"] },
  { by: "applicationToken", with: [] },
  { by: "userToken", with: [] },
  { by: "managedIdentity", with: [] },
  { by: "azCli", with: [] },
  { by: "password", with: ["userId"] },
  { by: "userId", with: [] },
];

const BOUND: readonly Keyword[] = ["clientId", "sendX5c", "userId"];

/**
 * The login that properties of a connection string describe (`kusto/api/connection-strings/kusto.md`): at most one way,
 * whole. What contradicts it, or is missing, is refused by name.
 */
export function readLogin(properties: Properties, invalid: Refusal): Login {
  refuseStores(properties, invalid);
  const federated = properties.get("federated");
  if (federated !== undefined && flag(properties, "federated", invalid) === false)
    throw invalid(`"${federated.name}=false" leaves no way to log in`);
  const way = chosenWay(properties, invalid);
  const value = (keyword: Keyword) => properties.get(keyword)?.value;
  const need = (keyword: Keyword, name: string): string => {
    const given = value(keyword);
    if (given === undefined) throw invalid(`"${name}" is missing`);
    return given;
  };
  const tenantId = value("authority");
  const tenant = tenantId === undefined ? {} : { tenantId };
  switch (way) {
    case "applicationKey":
      return {
        kind: "applicationKey",
        clientId: need("clientId", "Application Client Id"),
        key: need(way, way),
        tenantId: need("authority", "Authority Id"),
      };
    case "certificate":
      return {
        kind: "applicationCertificate",
        clientId: need("clientId", "Application Client Id"),
        tenantId: need("authority", "Authority Id"),
        pem: readPem(need(way, way), properties.get(way)?.name ?? way, invalid),
        sendCertificateChain: flag(properties, "sendX5c", invalid) ?? false,
      };
    case "applicationToken":
    case "userToken":
      return { kind: "token", token: need(way, way) };
    case "managedIdentity":
      return managedIdentity(need(way, way));
    case "azCli":
      return { kind: "azureCli", ...tenant };
    case "password":
      return { kind: "userPassword", user: need("userId", "User ID"), password: need(way, way), ...tenant };
    case "userId":
      return { kind: "prompt", user: need(way, way), ...tenant };
    default:
      return { kind: "default", ...tenant };
  }
}

/** Properties of a string that choose a way to log in, by the names they were given. */
export function loginNames(properties: Properties): string[] {
  return WAYS.flatMap((way) => properties.get(way.by)?.name ?? []);
}

function chosenWay(properties: Properties, invalid: Refusal): Keyword | undefined {
  const given = WAYS.filter(
    ({ by }) =>
      properties.has(by) &&
      (by !== "azCli" || flag(properties, by, invalid) === true) &&
      // A user with a password is one way and not two.
      (by !== "userId" || !properties.has("password")),
  );
  const [way, other] = given;
  const name = (keyword: Keyword | undefined) => (keyword && properties.get(keyword)?.name) ?? "";
  if (way !== undefined && other !== undefined)
    throw invalid(
      `"${name(way.by)}" and "${name(other.by)}" contradict each other: choose one way to log in`,
    );
  for (const bound of BOUND) {
    if (!properties.has(bound) || bound === way?.by || way?.with.includes(bound)) continue;
    if (way === undefined) throw invalid(`"${name(bound)}" needs an application key or certificate`);
    throw invalid(`"${name(way.by)}" and "${name(bound)}" contradict each other: choose one way to log in`);
  }
  return way?.by;
}

/** Node has no way into a machine's certificate store, and a serverless app's machine has none of its own. */
function refuseStores(properties: Properties, invalid: Refusal): void {
  for (const keyword of ["certificateThumbprint", "certificateSubject"] as const) {
    const property = properties.get(keyword);
    if (property === undefined) continue;
    throw invalid(
      `"${property.name}" names a certificate in a store of the machine, which a serverless app hasn't: give the certificate with its key as "Application Certificate PrivateKey" (PEM), or use a managed identity`,
    );
  }
}

/** A certificate with its private key. App settings are one line, so that `\n` may stand for the ends of its lines. */
function readPem(value: string, name: string, invalid: Refusal): string {
  const pem = value.replaceAll("\\n", "\n");
  const whole = /-----BEGIN CERTIFICATE-----/.test(pem) && /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem);
  if (!whole) throw invalid(`"${name}" holds no PEM text with both a certificate and its private key`);
  return pem;
}

function managedIdentity(identity: string): Login {
  if (/^(system|systemassigned|true)$/i.test(identity)) return { kind: "managedIdentity" };
  if (identity.startsWith("/")) return { kind: "managedIdentity", resourceId: identity };
  return { kind: "managedIdentity", clientId: identity };
}
