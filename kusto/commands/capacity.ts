import { z } from "zod";
import { Terminal } from "../../model/errors.ts";
import { type KustoRow, rowsOf } from "../rows.ts";

/** The concurrent operations a cluster takes (`kusto/management/show-capacity-command.md`). */
export function showCapacity(): string {
  return ".show capacity";
}

export const capacityAnswer = z.object({
  Resource: z.string(),
  Total: z.bigint(),
  Consumed: z.bigint(),
  Remaining: z.bigint(),
});

export interface Slots {
  readonly total: number;
  readonly remaining: number;
}

export interface Capacity {
  readonly export: Slots;
  readonly ingestion: Slots;
  readonly queries: Slots;
}

/**
 * The slots a copy needs to know. The names of the resources are spelled differently in the documentation's example
 * (`ingestions`, `data-export`) and in the answer of a cluster (`Ingestions`, `DataExport`), so they are compared
 * without case and hyphens. Where a cluster names no limit for queries, they are taken as unlimited.
 */
export function readCapacity(rows: readonly KustoRow[]): Capacity {
  const resources = new Map(
    rowsOf(capacityAnswer, rows).map((row) => [row.Resource.toLowerCase().replaceAll("-", ""), row]),
  );
  const slots = (name: string): Slots | undefined => {
    const row = resources.get(name);
    return row === undefined
      ? undefined
      : { total: Number(row.Total), remaining: Math.max(0, Number(row.Remaining)) };
  };
  const required = (name: string, meaning: string): Slots => {
    const found = slots(name);
    if (found === undefined) throw new Terminal(`.show capacity says nothing of ${meaning}`);
    return found;
  };
  return {
    export: required("dataexport", "exports (DataExport)"),
    ingestion: required("ingestions", "ingestions (Ingestions)"),
    queries: slots("queries") ?? { total: Number.MAX_SAFE_INTEGER, remaining: Number.MAX_SAFE_INTEGER },
  };
}
