import { z } from "zod";
import type { KustoClient } from "../../kusto/client.ts";
import { rowsOf } from "../../kusto/client.ts";
import { showSchemaScript } from "../../kusto/commands/mirrored.ts";
import { readTables } from "../../kusto/reads.ts";
import { appendEntry, Stale } from "../../lake/log.ts";
import { describe } from "../../model/errors.ts";
import { STAGING_PREFIX } from "../../model/naming.ts";
import { selectsTable } from "../../model/tableSelection.ts";
import type { Answer, RunRef } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { answer } from "../outcome.ts";
import { freshState } from "./landings.ts";
import { type Mirroring, mirrorFunctions, mirrorMappings, mirrorPolicies } from "./mirrorParts.ts";

/** Both sides' schemas as they were when all was mirrored last, by lake folder: while they are the same there is nothing to do. */
const mirrored = new Map<string, string>();

/**
 * Brings the destination's functions, ingestion mappings and table policies to what the source's are: creates and alters
 * what differs, and drops nothing. What can't be mirrored is noted in the log as a warning; nothing of it stops a copy. Costs two
 * requests where nothing changed. Delivered twice, it finds its own entry.
 */
export function mirrorSchema({ job, run, next }: RunRef): Promise<Answer<{ next: number }>> {
  return answer(async () => {
    const { lake, source, destination } = clientsOf(job);
    const state = await freshState(lake, run, next);
    if (state.next > next) return { next: next + 1 };
    const mirroring: Mirroring = { job, source, destination, tables: [], changes: [], warnings: [] };
    try {
      const both = async () =>
        `${await schemaText(source, job.source.database)}\n\n${await schemaText(destination, job.destination.database)}`;
      if (mirrored.get(job.lake) === (await both())) return { next };
      const there = new Set(
        (await readTables(destination, job.destination.database)).map((table) => table.name),
      );
      const tables = (await readTables(source, job.source.database))
        .map((table) => table.name)
        .filter((name) => there.has(name) && selectsTable(name, job.tables.include, job.tables.exclude));
      const parts = { ...mirroring, tables };
      await mirrorFunctions(parts, there);
      await mirrorMappings(parts);
      await mirrorPolicies(parts);
      mirrored.set(job.lake, await both());
    } catch (error) {
      if (error instanceof Stale) throw error;
      mirroring.warnings.push({
        table: "",
        reason: `The schema could not be mirrored now; the next iteration tries again. ${describe(error)}`,
      });
    }
    const { changes, warnings } = mirroring;
    const known = state.warnings.filter((each) => each.about === "mirror");
    const same =
      known.length === warnings.length &&
      warnings.every(({ reason }) => known.some((each) => each.reason === reason));
    if (changes.length === 0 && same) return { next };
    await appendEntry(lake, { number: next, run, step: "mirror" }, { kind: "mirrored", changes, warnings });
    return { next: next + 1 };
  });
}

/** A database's schema as one text, without what copies create in it for a while. */
async function schemaText(client: KustoClient, database: string): Promise<string> {
  const rows = rowsOf(
    z.record(z.string(), z.unknown()),
    await client.command(database, showSchemaScript(database)),
  );
  return rows
    .flatMap((row) => Object.values(row).map(String))
    .join("\n")
    .split("\n")
    .filter((line) => !line.includes(STAGING_PREFIX))
    .join("\n");
}
