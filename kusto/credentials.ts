import {
  AzureCliCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  DefaultAzureCredential,
  ManagedIdentityCredential,
  type TokenCredential,
} from "@azure/identity";
import { KustoConnectionStringBuilder } from "azure-kusto-data";
import type { KustoConnection, KustoLogin } from "./connectionString.ts";

/**
 * What the client library logs in with (`kusto/api/get-started/app-authentication-methods.md`). A new builder for each
 * client: the ingestion client changes the address in the one it is given.
 */
export function connectionBuilder(connection: KustoConnection): KustoConnectionStringBuilder {
  const builder = builderFor(connection);
  builder.setConnectorDetails(
    "Kusto.Copy",
    "0.1",
    connection.applicationName,
    undefined,
    connection.userName !== undefined,
    connection.userName,
  );
  return builder;
}

function builderFor({ cluster, login }: KustoConnection): KustoConnectionStringBuilder {
  switch (login.kind) {
    case "none":
      return new KustoConnectionStringBuilder(cluster);
    case "token":
      return KustoConnectionStringBuilder.withAccessToken(cluster, login.token);
    case "userPassword":
      return KustoConnectionStringBuilder.withAadUserPasswordAuthentication(
        cluster,
        login.user,
        login.password,
        login.tenantId,
      );
    default:
      return KustoConnectionStringBuilder.withTokenCredential(cluster, credential(login));
  }
}

type CredentialLogin = Exclude<KustoLogin, { kind: "none" | "token" | "userPassword" }>;

function credential(login: CredentialLogin): TokenCredential {
  switch (login.kind) {
    case "applicationKey":
      return new ClientSecretCredential(login.tenantId, login.clientId, login.key);
    case "applicationCertificate":
      return new ClientCertificateCredential(
        login.tenantId,
        login.clientId,
        { certificate: login.pem },
        { sendCertificateChain: login.sendCertificateChain },
      );
    case "managedIdentity":
      return login.clientId === undefined
        ? new ManagedIdentityCredential()
        : new ManagedIdentityCredential({ clientId: login.clientId });
    case "azureCli":
      return new AzureCliCredential(login.tenantId === undefined ? {} : { tenantId: login.tenantId });
    case "default":
      return new DefaultAzureCredential(login.tenantId === undefined ? {} : { tenantId: login.tenantId });
  }
}
