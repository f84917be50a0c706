import { displayCluster, parseKustoConnection } from "../../kusto/connectionString.ts";
import { clusterAccessText } from "../../lake/clusterAccess.ts";
import { carriesLogin, lakeUrl, parseLakes } from "../../lake/location.ts";
import { type FieldProblem, fieldProblems } from "../../model/fieldProblems.ts";
import { type AddressReaders, definitionSchemaFor, type JobDefinition } from "../../model/jobDefinition.ts";

/** Addresses of clusters and lakes, as the connection strings' own readers have them. */
export const addresses: AddressReaders = {
  cluster: (text) => {
    const connection = parseKustoConnection(text);
    const address = displayCluster(connection);
    return connection.database === undefined ? { address } : { address, database: connection.database };
  },
  lakes: (text) =>
    parseLakes(text).map((location) => ({
      url: lakeUrl(location),
      secret: carriesLogin(location),
      ...(location.access === undefined ? {} : { access: clusterAccessText(location.access) }),
    })),
};

/** What a person writes of a job; everything that holds a definition is read by it. */
export const jobDefinitionSchema = definitionSchemaFor(addresses);

export type DefinitionReading =
  | { readonly ok: true; readonly definition: JobDefinition }
  | { readonly ok: false; readonly problems: FieldProblem[] };

/** Reads a definition as JSON or YAML holds it: every wrong field is named. */
export function readDefinition(value: unknown): DefinitionReading {
  const parsed = jobDefinitionSchema.safeParse(value);
  if (parsed.success) return { ok: true, definition: parsed.data };
  return { ok: false, problems: fieldProblems(parsed.error) };
}
