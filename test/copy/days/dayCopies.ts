import { expect } from "vitest";
import { readExtents } from "../../../kusto/reads.ts";
import { askResync } from "../../../lake/control.ts";
import { daysOfExtent } from "../../../model/resyncedDays.ts";
import { asked } from "../../reports/ask.ts";
import { bodyOf, commandsLike, createIdTable, idsOf, loadIds, wholeRanges } from "../drive.ts";
import { lakeOf } from "../leftovers.ts";
import { type CopyStack, cursorsGiven } from "../support.ts";

export const LOAD = 10;
export const DAY = ["2024-05-01", "2024-05-02", "2024-05-03", "2024-05-04"] as const;
/** Rows of a day that were ingested at its noon. */
export const at = (day: string) => ({ ingestedAt: `${day}T12:00:00Z`, createdOn: `${day}T12:00:00Z` });
/** How a copy ends in which no table failed. */
export const well = { state: "succeeded", error: null };

/** Copies of databases that have a table Events of some days: what they hold, and how their days change. */
export function dayCopies(copies: () => CopyStack) {
  const source = () => copies().stack.urls.sourceKusto;
  const destination = () => copies().stack.urls.destinationKusto;
  const body = (database: string) => bodyOf(copies().stack, database, database);
  const held = (database: string) => idsOf(copies().destination, database, "Events");
  const askDays = (database: string, ...days: string[]) =>
    askResync(lakeOf(copies().stack, database), ["Events"], "a test", days);

  /** Ids of the destination's extents by day; those of no day under "". */
  async function extentsByDay(database: string): Promise<Map<string, string[]>> {
    const byDay = new Map<string, string[]>();
    for (const extent of await readExtents(copies().destination, database, ["Events"], {})) {
      const day = daysOfExtent(extent).join("+");
      byDay.set(day, [...(byDay.get(day) ?? []), extent.ExtentId].toSorted());
    }
    return byDay;
  }

  /** Four days of ten rows, copied. */
  async function copiedDays(database: string, more: object = {}): Promise<void> {
    await createIdTable(copies().source, database, "Events");
    for (const [i, day] of DAY.entries())
      await loadIds(source(), database, "Events", [i * LOAD, (i + 1) * LOAD], at(day));
    await cursorsGiven();
    expect(await copies().copy({ ...body(database), ...more })).toMatchObject(well);
    expect(await held(database)).toEqual(wholeRanges([0, DAY.length * LOAD]));
  }

  /** Drops what the source holds of a day, and puts these rows in its place. */
  async function changeAtSource(
    database: string,
    day: number,
    ids?: readonly [number, number],
  ): Promise<void> {
    const rows = await copies().source.query(
      database,
      `Events | where Id >= ${day * LOAD} and Id < ${(day + 1) * LOAD} | distinct Extent = tostring(extent_id())`,
    );
    for (const { Extent } of rows) await copies().source.command(database, `.drop extent ${String(Extent)}`);
    if (ids) await loadIds(source(), database, "Events", ids, at(DAY[day] ?? ""));
    await cursorsGiven();
  }

  async function verdict(database: string): Promise<unknown> {
    const { report } = await asked(copies().stack.urls.functions, "verifications", body(database));
    return report;
  }

  const replaced = (database: string) => commandsLike(copies().destination, database, ".replace extents");

  return {
    source,
    destination,
    body,
    held,
    askDays,
    extentsByDay,
    copiedDays,
    changeAtSource,
    verdict,
    replaced,
  };
}
