import {
  AzureCliCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  DefaultAzureCredential,
  ManagedIdentityCredential,
  type TokenCredential,
  UsernamePasswordCredential,
} from "@azure/identity";
import { authorityHostOf } from "./login/clouds.ts";
import { isPersonThere, promptCredential } from "./login/interactive.ts";
import type { Login } from "./login/login.ts";
import { keepingTokens, orByPrompt } from "./login/tokens.ts";

export { allowInteractive, type Person } from "./login/interactive.ts";

/** The public client that Azure's developer tools log in as: known to every tenant, for clusters and storage alike. */
const DEVELOPER_CLIENT_ID = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
const ANY_TENANT = "organizations";

const credentials = new Map<string, TokenCredential>();

/**
 * The credential of a login for a host: one object for each distinct login of a cloud, so that a token or a prompt
 * serves source, destination and lake together. Throws Terminal for a login that needs a person where none is there.
 */
export function tokenCredential(login: Login, host: string): TokenCredential {
  const authorityHost = authorityHostOf(host);
  const key = JSON.stringify([login, authorityHost, isPersonThere()]);
  const known = credentials.get(key);
  if (known) return known;
  const made = keepingTokens(newCredential(login, authorityHost));
  credentials.set(key, made);
  return made;
}

function newCredential(login: Login, authorityHost: string | undefined): TokenCredential {
  const cloud = authorityHost === undefined ? {} : { authorityHost };
  const tenant = "tenantId" in login && login.tenantId !== undefined ? { tenantId: login.tenantId } : {};
  switch (login.kind) {
    case "applicationKey":
      return new ClientSecretCredential(login.tenantId, login.clientId, login.key, cloud);
    case "applicationCertificate":
      return new ClientCertificateCredential(
        login.tenantId,
        login.clientId,
        { certificate: login.pem },
        { ...cloud, sendCertificateChain: login.sendCertificateChain },
      );
    case "managedIdentity":
      if (login.resourceId !== undefined)
        return new ManagedIdentityCredential({ resourceId: login.resourceId });
      return login.clientId === undefined
        ? new ManagedIdentityCredential()
        : new ManagedIdentityCredential({ clientId: login.clientId });
    case "azureCli":
      return new AzureCliCredential(tenant);
    case "userPassword":
      return new UsernamePasswordCredential(
        login.tenantId ?? ANY_TENANT,
        DEVELOPER_CLIENT_ID,
        login.user,
        login.password,
        cloud,
      );
    case "token":
      return givenToken(login.token);
    case "prompt":
      return promptCredential({ ...login, authorityHost });
    case "default": {
      const silent = new DefaultAzureCredential({ ...cloud, ...tenant });
      return isPersonThere()
        ? orByPrompt(silent, () => promptCredential({ ...tenant, authorityHost }))
        : silent;
    }
  }
}

/** A token that somebody else asked for. When it runs out is its service's to say. */
function givenToken(token: string): TokenCredential {
  return { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };
}
