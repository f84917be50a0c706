import { readTables } from "../../kusto/reads.ts";
import { readState } from "../../lake/log.ts";
import { stagingOwner } from "../../model/naming.ts";
import { selectsTable } from "../../model/tableSelection.ts";
import type { Answer, ListVerifiedInput, VerifiedPage } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { answer } from "../outcome.ts";
import { refuseOtherCopy } from "../run/openRun.ts";
import { allowedSlots, sharedSlots } from "../run/slots.ts";

/** Comparisons side by side where the clusters don't tell how many queries they take. */
const STANDARD_SLOTS = 4;

/**
 * Names of tables to compare, those after a name: what the log knows of, and what the job selects at the source and
 * might wait for. In the order of their names, so that a log that grows meanwhile moves none of them.
 */
export function listVerified({ job, after, count }: ListVerifiedInput): Promise<Answer<VerifiedPage>> {
  return answer(async () => {
    const { lake, source } = clientsOf(job);
    const state = await readState(lake);
    if (state.job) refuseOtherCopy(state.job, job);
    const there = await readTables(source, job.source.database);
    const opens = [state.open.forward, state.open.backfill].filter((open) => open !== undefined);
    const names = new Set(
      [
        ...Object.keys(state.tables),
        ...opens.flatMap((open) => open.tables.map((table) => table.name)),
        ...there.map((table) => table.name).filter((name) => stagingOwner(name) === undefined),
      ].filter((name) => selectsTable(name, job.tables.include, job.tables.exclude)),
    );
    const left = [...names].toSorted().filter((name) => after === null || name > after);
    const slots = await allowedSlots(job).then(
      async (allowed) => (await sharedSlots(job, allowed)).query,
      () => STANDARD_SLOTS,
    );
    return { tables: left.slice(0, count), end: left.length <= count, slots, left: left.length };
  });
}
