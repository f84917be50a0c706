import type { KustoClient } from "../../kusto/client.ts";
import { rowsOf } from "../../kusto/client.ts";
import {
  readCaller,
  readWorkloadGroups,
  showAnyOperation,
  showWorkloadGroups,
  whoAmI,
} from "../../kusto/commands/access.ts";
import { readCapacity, showCapacity } from "../../kusto/commands/capacity.ts";
import { operationAnswer } from "../../kusto/commands/operations.ts";
import type { Job } from "../../model/job.ts";
import { type CheckOf, cantTell, fail, listed, warn, well } from "./runChecks.ts";

/* What is checked alike at the source and at the destination. */

/** Clocks further apart than this mislead: SAS begin a quarter of an hour early, and lag is counted in seconds. */
const CLOCKS_APART_MS = 60_000;
const CLOCKS_WRONG_MS = 10 * 60_000;

export function clusterChecks(
  client: KustoClient,
  cluster: string,
  database: string,
  which: "source" | "destination",
  slots: Job["slots"],
): CheckOf[] {
  return [
    {
      name: "reach and sign in",
      why: "Everything is asked of the cluster's query endpoint.",
      fix: `Check that ${cluster} runs, that a firewall or private endpoint lets this process through, and that the login is of the cluster's tenant. Then: .add database ['${database}'] viewers ('aadapp=<application id>;<tenant>')`,
      look: async () => {
        const caller = readCaller(await client.query(database, whoAmI()));
        if (!caller) return cantTell("The cluster answered no row.");
        return well(
          `${cluster} answers ${caller.name}${caller.tenant ? ` of tenant ${caller.tenant}` : ""}.`,
        );
      },
    },
    {
      name: "clock",
      why: "Lag is counted between the cluster's clock and this process's, and a SAS holds between two moments.",
      fix: "Set the clock of the machine that the app runs on by a time server.",
      look: async () => {
        const before = Date.now();
        const caller = readCaller(await client.query(database, whoAmI()));
        if (!caller) return cantTell("The cluster answered no row.");
        return clockSight(Date.parse(caller.now), before, Date.now(), "The cluster's clock");
      },
    },
    {
      name: "read capacity",
      why: `Slots that are percentages are shares of what .show capacity answers, which needs the role User on database ${database}.`,
      fix: `.add database ['${database}'] users ('aadapp=<application id>;<tenant>'), or give the job's slots as numbers.`,
      look: async () => {
        const ofThisSide = which === "source" ? slots.export : slots.ingestion;
        if ("count" in ofThisSide && "count" in slots.query)
          return well("The job gives its slots as numbers: the capacity isn't asked for.");
        const capacity = readCapacity(await client.command(database, showCapacity()));
        const there = which === "source" ? capacity.export : capacity.ingestion;
        const what = which === "source" ? "exports" : "ingestions";
        if (there.total === 0)
          return fail(`The cluster allows no ${what} at all.`, "Raise its capacity policy.");
        return well(`${there.total} ${what} at a time, ${there.remaining} of them free now.`);
      },
    },
    {
      name: "read operations",
      why: "Exports and direct ingestions run on in the cluster, and are followed by .show operations.",
      fix: `.add database ['${database}'] users ('aadapp=<application id>;<tenant>')`,
      look: async () => {
        const rows = rowsOf(operationAnswer, await client.command(database, showAnyOperation()));
        return well(
          rows.length > 0 ? "Operations can be seen." : "Operations can be asked for; there is none yet.",
        );
      },
    },
    {
      name: "strong consistency",
      why: "A workload group can force weak consistency, cached results or the hot cache alone on what a copy asks: rows would be left out.",
      fix: "Ask an administrator of the cluster to look at .show workload_groups, or give this identity AllDatabasesAdmin for the check.",
      refused: "unknown",
      look: async () => {
        const groups = readWorkloadGroups(await client.command(database, showWorkloadGroups()));
        const forcing = groups.filter((group) => group.forces.length > 0);
        if (forcing.length === 0)
          return well(
            `None of ${groups.length} workload groups forces weak consistency, cached results or the hot cache.`,
          );
        const texts = forcing.map((group) => `${group.name} forces ${group.forces.join(" and ")}`);
        const fix = `.alter-merge workload_group ['${forcing[0]?.name}'] with "IsRelaxable": true in its policy, or classify this identity's requests into another group.`;
        return forcing.some((group) => group.name === "default")
          ? fail(`Workload group ${listed(texts)}.`, fix)
          : warn(`Workload group ${listed(texts)}; requests of this copy may be put into it.`, fix);
      },
    },
  ];
}

/** A clock that was read at some moment between two of this process's. */
export function clockSight(there: number, before: number, after: number, whose: string) {
  if (Number.isNaN(there)) return cantTell(`${whose} can't be read.`);
  const apart = there < before ? before - there : there > after ? there - after : 0;
  const text = `${whose} is ${(apart / 1000).toFixed(1)} s ${there < before ? "behind" : "ahead of"} this process's.`;
  if (apart > CLOCKS_WRONG_MS) return fail(text);
  return apart > CLOCKS_APART_MS ? warn(text) : well(text);
}
