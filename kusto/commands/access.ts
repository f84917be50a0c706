import { z } from "zod";
import { quoteName } from "../names.ts";
import { type KustoRow, rowsOf } from "../rows.ts";

/** The caller's own roles on a database, those of the cluster included (`kusto/management/security-roles.md`). */
export function showOwnRoles(database: string): string {
  return `.show database ${quoteName(database)} principal roles`;
}

/** The caller's own roles on a table, likewise. */
export function showOwnRolesOnTable(table: string): string {
  return `.show table ${quoteName(table)} principal roles`;
}

const ROLES = [
  "AllDatabasesAdmin",
  "AllDatabasesViewer",
  "AllDatabasesMonitor",
  "UnrestrictedViewer",
  "Admin",
  "User",
  "Viewer",
  "Ingestor",
  "Monitor",
] as const;
export type Role = (typeof ROLES)[number];

/**
 * The roles that an answer names. Its columns aren't documented, so each column that is called a role is read for the
 * names of roles (`kusto/access-control/role-based-access-control.md`), as in `Database Samples Admin`. Asked of a table, Admin is of the
 * table or of its database.
 */
export function readOwnRoles(rows: readonly KustoRow[]): Set<Role> {
  const found = new Set<Role>();
  for (const row of rows) {
    for (const [column, value] of Object.entries(row)) {
      if (!/role/i.test(column) || typeof value !== "string") continue;
      const last = value.trim().split(/\s+/).at(-1)?.toLowerCase() ?? "";
      const role = ROLES.find((name) => last === name.toLowerCase());
      if (role) found.add(role);
    }
  }
  return found;
}

/** Who asks, at which cluster, and the cluster's clock (`kusto/query/current-principal-details-function.md`). */
export function whoAmI(): string {
  return "print Details = current_principal_details(), Name = current_principal(), Now = now()";
}

const details = z.object({ Authority: z.string().nullish(), FQN: z.string().nullish() }).nullable();

const whoAmIAnswer = z.object({
  Details: z.string().nullable(),
  Name: z.string().nullable(),
  Now: z.string(),
});

export interface Caller {
  readonly name: string;
  /** The Entra tenant; undefined where the cluster doesn't say. */
  readonly tenant: string | undefined;
  /** ISO. */
  readonly now: string;
}

export function readCaller(rows: readonly KustoRow[]): Caller | undefined {
  const answer = rowsOf(whoAmIAnswer, rows)[0];
  if (!answer) return undefined;
  const read = details.safeParse(JSON.parse(answer.Details || "null"));
  const authority = read.data?.Authority;
  return {
    name: answer.Name || read.data?.FQN || "an identity without a name",
    tenant: authority ? authority : undefined,
    now: answer.Now,
  };
}

/** The managed identities that a cluster or database lets be used, and for what (`kusto/management/managed-identity-policy.md`). */
export function showManagedIdentities(database?: string): string {
  const entity = database === undefined ? "cluster" : `database ${quoteName(database)}`;
  return `.show ${entity} policy managed_identity`;
}

/** Documented as `Policies` (`kusto/management/show-managed-identity-policy-command.md`), and `Policy` as of any other policy. */
const identityAnswer = z.object({ Policies: z.string().nullish(), Policy: z.string().nullish() });
const identities = z
  .array(
    z.object({
      ObjectId: z.string(),
      ClientId: z.string().nullish(),
      IsSystem: z.boolean().nullish(),
      AllowedUsages: z.string(),
    }),
  )
  .nullable();

/** What a managed identity (`system` or its id) may be used for, in lower case. */
export function readUsages(rows: readonly KustoRow[], identity: string): Set<string> {
  const wanted = identity.toLowerCase();
  const usages = new Set<string>();
  for (const row of rowsOf(identityAnswer, rows)) {
    for (const each of identities.parse(JSON.parse(row.Policies || row.Policy || "null")) ?? []) {
      const names = [each.ObjectId, each.ClientId ?? "", each.IsSystem === true ? "system" : ""];
      if (!names.some((name) => name.toLowerCase() === wanted)) continue;
      for (const usage of each.AllowedUsages.split(",")) usages.add(usage.trim().toLowerCase());
    }
  }
  return usages;
}

/** All workload groups (`kusto/management/show-workload-group-command.md`): only an administrator of the cluster may see them. */
export function showWorkloadGroups(): string {
  return ".show workload_groups";
}

const option = z.object({ IsRelaxable: z.boolean().nullish(), Value: z.unknown() }).nullish();
const groupSchema = z.object({
  RequestLimitsPolicy: z.object({ DataScope: option }).nullish(),
  QueryConsistencyPolicy: z.object({ QueryConsistency: option, CachedResultsMaxAge: option }).nullish(),
});
const groupAnswer = z.object({ WorkloadGroupName: z.string(), WorkloadGroup: z.string() });

export interface WorkloadGroup {
  readonly name: string;
  /** What it forces on a request, whatever the request asks for, and that would hide rows. */
  readonly forces: readonly string[];
}

/**
 * What each group forces: weak consistency and cached results (`kusto/management/query-consistency-policy.md`), or the hot
 * cache alone (`kusto/management/request-limits-policy.md`). An option that is relaxable gives way to the request.
 */
export function readWorkloadGroups(rows: readonly KustoRow[]): WorkloadGroup[] {
  return rowsOf(groupAnswer, rows).map((row) => {
    const group = groupSchema.parse(JSON.parse(row.WorkloadGroup || "{}"));
    const { QueryConsistency, CachedResultsMaxAge } = group.QueryConsistencyPolicy ?? {};
    const scope = group.RequestLimitsPolicy?.DataScope;
    const forced = (each: z.infer<typeof option>) =>
      each != null && each.IsRelaxable === false && each.Value != null ? String(each.Value) : undefined;
    const consistency = forced(QueryConsistency);
    const cached = forced(CachedResultsMaxAge);
    return {
      name: row.WorkloadGroupName,
      forces: [
        ...(consistency !== undefined && /^weak/i.test(consistency) ? [`${consistency} consistency`] : []),
        ...(cached === undefined ? [] : [`cached results of up to ${cached}`]),
        ...(forced(scope)?.toLowerCase() === "hotcache" ? ["the hot cache alone"] : []),
      ],
    };
  });
}

/** What queued ingestion is sent through (`kusto/api/netfx/kusto-ingest-client-rest.md`), asked of the ingestion endpoint. */
export function getIngestionResources(): string {
  return ".get ingestion resources";
}

export const ingestionResource = z.object({ ResourceTypeName: z.string(), StorageRoot: z.string() });

/** What the ingestion service knows the caller by, likewise. */
export function getIdentityToken(): string {
  return ".get kusto identity token";
}

/** Operations of the last two weeks that the caller may see, one of them (`kusto/management/show-operations.md`). */
export function showAnyOperation(): string {
  return ".show operations | take 1";
}
