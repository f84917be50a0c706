import { readOwnRoles, showOwnRoles } from "../../kusto/commands/access.ts";
import { readSchema, readTimedTables } from "../../kusto/reads.ts";
import type { Job } from "../../model/job.ts";
import { stagingOwner } from "../../model/naming.ts";
import { selectsTable, unknownNames } from "../../model/tableSelection.ts";
import { clientsOf, type JobClients } from "../environment.ts";
import { hiddenRows } from "../plan/hiddenRows.ts";
import { wrongQueries } from "../plan/tableQueries.ts";
import { clusterChecks } from "./clusterChecks.ts";
import { managedIdentitySight } from "./managedIdentity.ts";
import { type CheckOf, fail, listed, warn, well } from "./runChecks.ts";

/** What the job needs at the source: to read tables whole, to export them, and to be told what is new in them. */
export function sourceChecks(job: Job, managedIdentities: readonly string[]): CheckOf[] {
  const clients = clientsOf(job);
  const { source } = clients;
  const { cluster, database } = job.source;
  return [
    ...clusterChecks(source, cluster, database, "source", job.slots),
    {
      name: "read and export",
      why: "Reading rows and .export need the role Viewer at least.",
      fix: `.add database ['${database}'] viewers ('aadapp=<application id>;<tenant>')`,
      look: async () => {
        const roles = readOwnRoles(await source.command(database, showOwnRoles(database)));
        const enough = ["AllDatabasesAdmin", "AllDatabasesViewer", "Admin", "User", "Viewer"] as const;
        const mine = enough.filter((role) => roles.has(role));
        if (mine.length > 0) return well(`This identity is ${mine.join(", ")}.`);
        return fail(
          roles.size === 0
            ? `This identity has no role on database ${database}.`
            : `This identity is ${[...roles].join(", ")} on database ${database}, which doesn't let it read rows.`,
        );
      },
    },
    {
      name: "tables",
      why: "Names that match nothing are most often typing errors, and a table can be copied only where its query can be.",
      fix: "Correct the names: they are told apart by case.",
      look: async () => {
        const { selected, all } = await selectedTables(job, clients);
        const wrong = wrongQueries(job, selected, all).map(({ reason }) => reason);
        const unknown = unknownNames([...job.tables.include, ...job.tables.snapshot], all);
        if (wrong.length > 0) return fail(listed(wrong, 3), "Correct the queries of the job.");
        if (unknown.length > 0) return fail(`Database ${database} has no table ${listed(unknown)}.`);
        if (selected.length === 0) return warn(`The job selects none of ${all.length} tables.`);
        return well(`${selected.length} of ${all.length} tables are selected.`);
      },
    },
    {
      name: "ingestion time",
      why: "What is new in a table is told by its ingestion-time policy; a table without one is copied whole whenever it changes.",
      fix: ".alter table ['<name>'] policy ingestiontime true, or declare it a snapshot table so that it is meant.",
      look: async () => {
        const { selected } = await selectedTables(job, clients);
        const timed = await readTimedTables(source, database);
        const declared = (name: string) =>
          job.tables.snapshot.length > 0 && selectsTable(name, job.tables.snapshot, []);
        const off = selected.filter((name) => !timed.has(name) && !declared(name));
        if (off.length === 0)
          return well(`All ${selected.length} tables that aren't snapshot tables have it on.`);
        return warn(
          `It is off for ${off.length} of ${selected.length} tables, which are copied whole: ${listed(off)}.`,
        );
      },
    },
    {
      name: "hidden rows",
      why: "Row-level security and restricted view access hide rows from exports and counts alike: a part of the table would be copied and look whole.",
      fix: `.add database ['${database}'] unrestrictedviewers ('aadapp=<application id>;<tenant>') for restricted view access; row-level security has to be disabled for the copy, or the table excluded.`,
      look: async () => {
        const { selected } = await selectedTables(job, clients);
        const hidden = await hiddenRows(source, database, selected);
        if (hidden.size === 0) return well(`Every row of ${selected.length} tables may be seen.`);
        return fail(`Refused: ${listed([...hidden.values()], 3)}`);
      },
    },
    ...managedIdentities.map(
      (identity): CheckOf => ({
        name: `managed identity ${identity}`,
        why: "The cluster writes staged files to the lake by this identity of its own.",
        fix: `.alter-merge database ['${database}'] policy managed_identity '[{"ObjectId": "${identity}", "AllowedUsages": "ExportRequest"}]'`,
        look: () => managedIdentitySight(source, database, identity, ["ExportRequest"]),
      }),
    ),
  ];
}

/** The tables that the job selects, and all names. */
export async function selectedTables(
  job: Job,
  { source }: JobClients,
): Promise<{ selected: string[]; all: string[] }> {
  const { tables } = await readSchema(source, job.source.database);
  const all = tables.map((table) => table.name);
  const selected = all.filter(
    (name) => stagingOwner(name) === undefined && selectsTable(name, job.tables.include, job.tables.exclude),
  );
  return { selected, all };
}
