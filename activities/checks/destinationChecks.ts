import { readOwnRoles, showOwnRoles, showOwnRolesOnTable } from "../../kusto/commands/access.ts";
import {
  readDatabaseRetention,
  showDatabaseRetention,
  softDeletePeriod,
} from "../../kusto/commands/databases.ts";
import { readTables, readUpdatePolicies } from "../../kusto/reads.ts";
import { parseDuration } from "../../model/durations.ts";
import type { Job } from "../../model/job.ts";
import { stagingTable } from "../../model/naming.ts";
import { msFromTicks, ticksFromIso } from "../../model/ticks.ts";
import { isTriggered } from "../../model/updatePolicies.ts";
import { readOnlyReason } from "../destination/accessMode.ts";
import { sideBySide } from "../destination/sideBySide.ts";
import { clientsOf, type JobClients } from "../environment.ts";
import { hiddenRows } from "../plan/hiddenRows.ts";
import { readTableDetails } from "../plan/tableDetails.ts";
import { clusterChecks } from "./clusterChecks.ts";
import { managedIdentitySight } from "./managedIdentity.ts";
import { type CheckOf, fail, listed, type Sight, warn, well } from "./runChecks.ts";
import { selectedTables } from "./sourceChecks.ts";

/** What the job needs at the destination: to create tables, ingest, move extents, and keep what it brings. */
export function destinationChecks(
  job: Job,
  identities: { readonly ingestion: readonly string[]; readonly status: readonly string[] },
): CheckOf[] {
  const clients = clientsOf(job);
  const { destination } = clients;
  const { cluster, database } = job.destination;
  return [
    ...clusterChecks(destination, cluster, database, "destination", job.slots),
    {
      name: "writable",
      why: "A follower or read-only database takes no rows.",
      fix: "Copy into another database.",
      look: async () => {
        const reason = await readOnlyReason(destination, database);
        return reason === undefined ? well(`Database ${database} can be written to.`) : fail(reason);
      },
    },
    {
      name: "create tables and move extents",
      why: "The copy creates tables, sets their policies, and moves verified extents into them, which needs an administrator of each table: of the database, or a User, who is one of the tables that it creates. It is told by the roles, since trying would move something.",
      fix: `.add database ['${database}'] admins ('aadapp=<application id>;<tenant>')`,
      look: () => ownershipSight(job, clients),
    },
    {
      name: "retention",
      why: "Copied rows keep their age: what is older than the destination's retention is dropped as soon as it is copied.",
      fix: `.alter-merge database ['${database}'] policy retention softdelete = <days>d, or give the job a horizon within it.`,
      look: () => retentionSight(job, clients),
    },
    {
      name: "update policies",
      why: "A move of copied rows into a table runs the update policies that read from it.",
      fix: "Disable the policy, exclude the table, or set updatePolicies to disable, which switches it off while rows are copied.",
      look: async () => {
        const { selected } = await selectedTables(job, clients);
        const policies = await readUpdatePolicies(destination, database);
        // A pattern may match the staging tables, whose names are of this form.
        const names = [...selected, stagingTable("00000000", 0, 0, 0)];
        const firing = [...policies].flatMap(([target, objects]) =>
          objects
            .filter((each) => isTriggered([each], names))
            .map(({ Source }) => `${target} (from ${Source})`),
        );
        if (firing.length === 0) return well("None would run on copied rows.");
        const text = `Copied rows would run the policy of ${listed(firing)}.`;
        return job.updatePolicies === "disable"
          ? warn(`${text} They are switched off while rows are copied, for other writers too.`)
          : fail(text);
      },
    },
    {
      name: "hidden rows",
      why: "What was copied is verified by reading it: rows that this identity may not see look missing.",
      fix: `.add database ['${database}'] unrestrictedviewers ('aadapp=<application id>;<tenant>') for restricted view access; row-level security has to be disabled for the copy.`,
      look: async () => {
        const there = (await readTables(destination, database)).map((table) => table.name);
        const { selected } = await selectedTables(job, clients);
        const hidden = await hiddenRows(
          destination,
          database,
          there.filter((name) => selected.includes(name)),
        );
        return hidden.size === 0
          ? well("Every row of the tables that are there may be seen.")
          : fail(listed([...hidden.values()], 3));
      },
    },
    ...identityChecks(job, clients, identities),
  ];
}

function identityChecks(
  job: Job,
  { destination }: JobClients,
  { ingestion, status }: { readonly ingestion: readonly string[]; readonly status: readonly string[] },
): CheckOf[] {
  const { database } = job.destination;
  return [...new Set([...ingestion, ...status])].map((identity) => {
    const usages = [
      ...(ingestion.includes(identity) ? ["NativeIngestion"] : []),
      ...(status.includes(identity) ? ["ExternalDataRequest"] : []),
    ];
    return {
      name: `managed identity ${identity}`,
      why: "The cluster reads staged files and the status file from the lake by this identity of its own.",
      fix: `.alter-merge database ['${database}'] policy managed_identity '[{"ObjectId": "${identity}", "AllowedUsages": "${usages.join(", ")}"}]'`,
      look: () => managedIdentitySight(destination, database, identity, usages),
    };
  });
}

/** Tables whose roles are asked for one by one. */
const TABLES_ASKED = 100;

/**
 * Whether this identity is an administrator of all tables that it will write to: an administrator of the database is, and a
 * Database User of those that it creates itself (`kusto/access-control/role-based-access-control.md`). What `.move extents` needs
 * is Table Admin of both tables (`kusto/management/move-extents.md`).
 */
async function ownershipSight(job: Job, clients: JobClients): Promise<Sight> {
  const { destination } = clients;
  const { database } = job.destination;
  const roles = readOwnRoles(await destination.command(database, showOwnRoles(database)));
  const mine = [...roles].join(", ");
  if (roles.has("Admin") || roles.has("AllDatabasesAdmin")) return well(`This identity is ${mine}.`);
  if (!roles.has("User"))
    return fail(
      roles.size === 0
        ? `This identity has no role on database ${database}.`
        : `This identity is ${mine} on database ${database}, and neither Admin nor User.`,
    );
  const there = new Set((await readTables(destination, database)).map((table) => table.name));
  const { selected } = await selectedTables(job, clients);
  const asked = selected.filter((name) => there.has(name)).slice(0, TABLES_ASKED);
  const foreign: string[] = [];
  await sideBySide(asked, async (name) => {
    const own = readOwnRoles(await destination.command(database, showOwnRolesOnTable(name)));
    if (!own.has("Admin")) foreign.push(name);
  });
  if (foreign.length > 0)
    return fail(
      `This identity is ${mine} on database ${database}, and no administrator of tables that are there: ${listed(foreign.toSorted())}.`,
    );
  return well(`This identity is ${mine}, and an administrator of the ${asked.length} tables that are there.`);
}

/** The oldest row that would be copied against the retention of the table that it goes to. */
async function retentionSight(job: Job, clients: JobClients): Promise<Sight> {
  const { selected } = await selectedTables(job, clients);
  const sizes = await readTableDetails(clients.source, job.source.database, selected);
  const { database } = job.destination;
  const there = new Set((await readTables(clients.destination, database)).map((table) => table.name));
  const existing = await readTableDetails(
    clients.destination,
    database,
    selected.filter((name) => there.has(name)),
  );
  const standard = readDatabaseRetention(
    await clients.destination.command(database, showDatabaseRetention(database)),
  );
  const horizon = job.backfillHorizon === null ? 0 : Date.parse(job.backfillHorizon);
  const short = selected.flatMap((name) => {
    const oldest = sizes.get(name)?.MinExtentsCreationTime;
    if (oldest == null || job.mode === "new") return [];
    const details = existing.get(name);
    const period = details ? softDeletePeriod(details.RetentionPolicy) : standard;
    const from = Math.max(msFromTicks(ticksFromIso(oldest)), horizon);
    return from < Date.now() - parseDuration(period)
      ? [`${name} (from ${oldest.slice(0, 10)}, kept for ${period})`]
      : [];
  });
  if (short.length === 0) return well("The destination keeps all of the history that would be copied.");
  return warn(`The destination would drop a part of ${listed(short)}.`);
}
