import { expect } from "vitest";
import { openLake } from "../../lake/lake.ts";
import { parseLake } from "../../lake/location.ts";
import { readState } from "../../lake/log.ts";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { planReportSchema } from "../../model/reports/plan.ts";
import { createIdTable, loadIds, tableNames } from "../copy/drive.ts";
import { type CopyStack, cursorsGiven } from "../copy/support.ts";
import { command, type Ended } from "./command.ts";

/** A database of the destination for each copy that must not meet another's tables. */
const INTO = [
  "All",
  "Some",
  "Env",
  "File",
  "Query",
  "Horizon",
  "History",
  "New",
  "Beside",
  "Direct",
  "Window",
  "Bare",
];
export const DESTINATIONS = [...INTO, "Often", "Parked", "Lakes", "Samples"];
const DAY = 86_400_000;

/** Fills the source: Samples has several tables, one of them with rows of several days; into Live's table rows still come. */
export async function fillSource(copies: CopyStack): Promise<void> {
  const { sourceKusto } = copies.stack.urls;
  for (const table of ["Storms", "StormsOld", "Two Words", "States"]) {
    await copies.source.command("Samples", `.create table ['${table}'] (Id: long, Text: string)`);
  }
  for (const [i, daysAgo] of [40, 20, 2].entries()) {
    const at = new Date(Date.now() - daysAgo * DAY).toISOString();
    await loadIds(sourceKusto, "Samples", "Storms", [i * 10, i * 10 + 10], {
      ingestedAt: at,
      createdOn: at,
    });
  }
  for (const table of ["StormsOld", "Two Words", "States"])
    await loadIds(sourceKusto, "Samples", table, [0, 5]);
  await createIdTable(copies.source, "Live", "Events");
  await loadIds(sourceKusto, "Live", "Events", [0, 10]);
  await cursorsGiven();
}

/** Copies out of such a source by the command, and what they leave. */
export function copiesOf(copies: () => CopyStack) {
  const lake = (folder: string) => `${copies().stack.urls.lake}/copy/${folder};${storageAccount.key}`;

  /** The options that make a copy whole, into a database and a lake folder of its own. */
  function whole(into: string, from = "Samples"): string[] {
    const { sourceKusto, destinationKusto } = copies().stack.urls;
    const ends = ["-s", sourceKusto, "-d", destinationKusto, "--db", from, "--destination-db", into];
    return ["-l", lake(into), ...ends, "--query-slots", "4", "--poll", "100ms"];
  }
  const copy = (into: string, ...more: string[]): Promise<Ended> =>
    command([...whole(into), ...more, "--json"]);
  async function plan(into: string, ...more: string[]) {
    const { stdout, stderr } = await command(["plan", ...whole(into), ...more, "--json"]);
    expect(stderr).toBe("");
    return planReportSchema.parse(JSON.parse(stdout));
  }
  /** The job as the run that it was for wrote it into the log. */
  async function jobOf(into: string) {
    return (await readState(openLake(parseLake(lake(into))))).job;
  }
  const tablesOf = (into: string) => tableNames(copies().destination, into);
  return { lake, whole, copy, plan, jobOf, tablesOf };
}
