import { alterUpdatePolicies } from "../../kusto/commands/schema.ts";
import { readUpdatePolicies } from "../../kusto/reads.ts";
import { appendEntry, readState } from "../../lake/log.ts";
import type { DisabledPolicy, Parked } from "../../model/checkpoint/entries.ts";
import type { OpenIteration, State } from "../../model/checkpoint/state.ts";
import { windowsOf } from "../../model/checkpoint/windows.ts";
import { describe, Terminal } from "../../model/errors.ts";
import type { Job } from "../../model/job.ts";
import { isNeeded, type PoliciesByTable, standing } from "../../model/updatePolicies.ts";
import type { Answer, ReleaseInput } from "../contract.ts";
import { clientsOf, type JobClients } from "../environment.ts";
import { answer } from "../outcome.ts";
import { freshState, landingsOf } from "./landings.ts";

/**
 * Switches the update policies on again that no open iteration needs off any more, those that a run which died had switched
 * off included. One that somebody changed meanwhile is left as it is, and told; one that can't be set stays noted, and is
 * tried again. Delivered twice, it finds its own entry, or what it had set.
 *
 * Invariant: while a move is under way whose outcome isn't logged, its policies stay off, however the run ends: the cluster
 * may carry it out still.
 */
export function releaseUpdatePolicies({
  job,
  run: given,
  next: expected,
  ending,
  instance,
}: ReleaseInput): Promise<Answer<{ next: number }>> {
  return answer(async () => {
    const { lake, destination } = clientsOf(job);
    const database = job.destination.database;
    const log = await readState(lake);
    // Of a run that failed, nobody knows where its log stands, or whether it was told its number.
    if (instance !== undefined && log.run?.instance !== instance) return { next: expected };
    const run = instance === undefined ? given : (log.run?.id ?? given);
    const next = instance === undefined ? expected : log.next;
    const state = await freshState(lake, run, next);
    if (state.next > next) return { next: next + 1 };
    const due = state.disabledPolicies.filter((noted) => !isHeld(noted, job, state, run, ending === true));
    if (due.length === 0) return { next };
    const now = await readUpdatePolicies(destination, database);
    const { tables, left } = await restore(destination, database, due, now);
    const known = new Set(state.warnings.map((each) => `${each.table} ${each.reason}`));
    if (tables.length === 0 && left.every((each) => known.has(`${each.table} ${each.reason}`)))
      return { next };
    await appendEntry(
      lake,
      { number: next, run, step: "release update policies" },
      { kind: "updatePoliciesRestored", tables, left },
    );
    return { next: next + 1 };
  });
}

async function restore(
  destination: JobClients["destination"],
  database: string,
  due: readonly DisabledPolicy[],
  policies: PoliciesByTable,
): Promise<{ tables: string[]; left: Parked[] }> {
  const tables: string[] = [];
  const left: Parked[] = [];
  for (const noted of due) {
    const { table, policy } = noted;
    const now = policies.get(table);
    const found = now === undefined ? "gone" : standing(noted, now);
    try {
      if (found === "set")
        await destination.command(database, alterUpdatePolicies(table, policy), {
          idempotent: true,
          context: { table },
        });
      if (found === "changed")
        left.push({
          table,
          reason: `The update policy of table ${table} was switched off for a copy, and somebody has changed it since: it is left as it is. Before the copy it was ${policy}.`,
        });
      tables.push(table);
    } catch (error) {
      if (!(error instanceof Terminal)) throw error;
      left.push({
        table,
        reason: `The update policy of table ${table} was switched off for a copy, and can't be restored: ${describe(error)} It was ${policy}.`,
      });
    }
  }
  return { tables, left };
}

/**
 * Whether an open iteration needs a policy off. A run that ends needs it off for moves whose outcome isn't known, and where
 * rows may be on their way into a staging table that a pattern matches; a run that goes on, also for what it will ingest, and
 * for windows that it shows one by one.
 */
function isHeld(noted: DisabledPolicy, job: Job, state: State, run: number, ending: boolean): boolean {
  return [state.open.forward, state.open.backfill].some((open) => {
    if (!open) return false;
    const moving = open.intended.map((move) => move.table);
    const showing =
      !ending && job.visibility === "window"
        ? landingsOf(state, run, open, "promotion").map((each) => each.name)
        : [];
    const staging =
      !ending || isArriving(open) ? landingsOf(state, run, open, "staging").map((each) => each.name) : [];
    return isNeeded(noted, [...moving, ...showing, ...staging]);
  });
}

function isArriving(open: OpenIteration): boolean {
  return open.tables.some((_, t) => windowsOf(open, t).some((window) => window.stage === "exported"));
}
