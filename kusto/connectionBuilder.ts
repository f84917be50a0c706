import { KustoConnectionStringBuilder } from "azure-kusto-data";
import type { KustoConnection } from "./connectionString.ts";
import { tokenCredential } from "./credentials.ts";

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
    // As it is: the cluster says when it has run out.
    case "token":
      return KustoConnectionStringBuilder.withAccessToken(cluster, login.token);
    default:
      return KustoConnectionStringBuilder.withTokenCredential(
        cluster,
        tokenCredential(login, new URL(cluster).hostname),
      );
  }
}
