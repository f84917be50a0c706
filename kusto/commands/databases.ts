import { z } from "zod";
import { quoteName } from "../names.ts";
import { type KustoRow, rowsOf } from "../rows.ts";
import { policyAnswer } from "./policies.ts";

/** How the database of the request is attached (`kusto/management/show-database.md`). */
export function showDatabaseIdentity(): string {
  return ".show database identity";
}

export const databaseIdentity = z.object({
  DatabaseName: z.string(),
  /** `ReadWrite`, `ReadOnly`, `ReadOnlyFollowing` or `ReadWriteEphemeral`. */
  DatabaseAccessMode: z.string(),
  CurrentUserIsUnrestrictedViewer: z.boolean().nullish(),
});

/** Every database that the caller has a role in, and how it may be used (`kusto/management/show-databases.md`). */
export function showDatabaseModes(): string {
  return ".show databases";
}

export const databaseModeAnswer = z.object({ DatabaseName: z.string(), DatabaseAccessMode: z.string() });

/** The database's own retention policy (`kusto/management/show-database-retention-policy-command.md`). */
export function showDatabaseRetention(database: string): string {
  return `.show database ${quoteName(database)} policy retention`;
}

/** The period of a policy that doesn't say, and where there is none (`kusto/management/retention-policy.md`). */
const THOUSAND_YEARS = "365000.00:00:00";

const retention = z.object({ SoftDeletePeriod: z.string().nullish() }).nullish();

/** The soft-delete period of a retention policy's JSON, as Kusto writes it: `365.00:00:00`. */
export function softDeletePeriod(policyJson: string | null | undefined): string {
  const text = (policyJson ?? "").trim();
  if (text === "") return THOUSAND_YEARS;
  return retention.parse(JSON.parse(text))?.SoftDeletePeriod ?? THOUSAND_YEARS;
}

/** The answer of `showDatabaseRetention`. */
export function readDatabaseRetention(rows: readonly KustoRow[]): string {
  return softDeletePeriod(rowsOf(policyAnswer, rows)[0]?.Policy);
}
