import { alterUpdatePolicies } from "../../kusto/commands/schema.ts";
import { readUpdatePolicies } from "../../kusto/reads.ts";
import { appendEntry } from "../../lake/log.ts";
import type { DisabledPolicy, Parked } from "../../model/checkpoint/entries.ts";
import { openIteration, type State } from "../../model/checkpoint/state.ts";
import { describe, isOfOneTable, Terminal } from "../../model/errors.ts";
import {
  isTriggered,
  type PoliciesByTable,
  standing,
  switchedOff,
  triggeredTarget,
} from "../../model/updatePolicies.ts";
import type { Answer, HeldPolicies, HoldInput } from "../contract.ts";
import { clientsOf, type JobClients } from "../environment.ts";
import { answer } from "../outcome.ts";
import { freshState, type Landing, landingsOf } from "./landings.ts";
import { updateConflict } from "./obstacles.ts";
import { sideBySide } from "./sideBySide.ts";

/**
 * Sees to it that no update policy of the destination runs on what an iteration is about to ingest or to move: refuses the
 * tables that would run one, or switches the policy off, as the job says. Asked anew at each of the two moments, as somebody
 * may have set a policy since the plan. Delivered twice, it finds its own entry and switches off what is still on.
 *
 * Invariants:
 * 1. Write-ahead: what a policy was is in the log before it is altered.
 * 2. Only what copied rows would run is switched off; other policies of the same table stay on.
 */
export function holdUpdatePolicies({
  job,
  run,
  next,
  iteration,
  moment,
}: HoldInput): Promise<Answer<HeldPolicies>> {
  return answer(async () => {
    const { lake, destination } = clientsOf(job);
    const database = job.destination.database;
    let state = await freshState(lake, run, next);
    const open = openIteration(state, iteration);
    if (!open) throw new Terminal(`Iteration ${iteration} is not open.`);
    const landings = landingsOf(state, run, open, moment);
    if (landings.length === 0 && state.next === next) return { next, parked: [] };
    const policies = await readUpdatePolicies(destination, database);
    const names = landings.map((each) => each.name);
    if (state.next === next) {
      if (triggeredTarget(policies, names) === undefined) return { next, parked: [] };
      if (job.updatePolicies === "refuse") return { next, parked: refusedOf(landings, policies) };
      await appendEntry(
        lake,
        { number: next, run, step: `hold ${iteration} ${moment}` },
        { kind: "updatePoliciesDisabled", policies: toNote(state, policies, names) },
      );
      state = await freshState(lake, run, next + 1);
    }
    const failed = await switchOff(destination, database, state.disabledPolicies, policies, names);
    const still = new Map([...policies].filter(([table]) => failed.has(table)));
    return {
      next: next + 1,
      parked: refusedOf(landings, still).map(({ table, reason }) => ({
        table,
        reason: `${reason} It could not be disabled: ${[...failed.values()].join("; ")}`,
      })),
    };
  });
}

/** A policy that is off in part already was at first what is noted of it, unless somebody has changed it since. */
function toNote(state: State, policies: PoliciesByTable, names: readonly string[]): DisabledPolicy[] {
  return switchedOff(policies, names).map((each) => {
    const noted = state.disabledPolicies.find((one) => one.table === each.table);
    const ours = noted && standing(noted, policies.get(each.table) ?? []) !== "changed";
    return ours ? { ...each, policy: noted.policy } : each;
  });
}

/** Sets the noted policies that would still run; answers why some could not be set. */
async function switchOff(
  destination: JobClients["destination"],
  database: string,
  noted: readonly DisabledPolicy[],
  policies: PoliciesByTable,
  names: readonly string[],
): Promise<Map<string, string>> {
  const failed = new Map<string, string>();
  await sideBySide(noted, async ({ table, ...each }) => {
    const now = policies.get(table);
    // Changed by somebody after this very entry was written: not what was noted, and nothing to set.
    if (!now || !isTriggered(now, names) || standing({ table, ...each }, now) === "changed") return;
    try {
      const text = alterUpdatePolicies(table, each.disabled);
      await destination.command(database, text, { idempotent: true, context: { table } });
    } catch (error) {
      if (!isOfOneTable(error)) throw error;
      failed.set(table, describe(error));
    }
  });
  return failed;
}

function refusedOf(landings: readonly Landing[], policies: PoliciesByTable): Parked[] {
  return landings.flatMap(({ table, name }) => {
    const reason = updateConflict(table, name, policies);
    return reason === undefined ? [] : [{ table, reason }];
  });
}
