import type { OrchestrationContext } from "durable-functions";
import {
  ACTIVITY,
  type JobInput,
  type ListVerifiedInput,
  type VerifiedPage,
} from "../activities/contract.ts";
import { chunked } from "../model/chunked.ts";
import type { Job } from "../model/job.ts";
import {
  type Found,
  nothingFound,
  type VerificationReport,
  type VerifiedTable,
  verificationReport,
  withFound,
} from "../model/reports/verification.ts";
import { backOff, type Steps, step, TakenOver, together } from "./calls.ts";

/*
 * Source against destination: one activity for each table, in waves of as many as there are query slots, a page of names to a
 * generation. What was found goes from one generation to the next, and is cut to what a message carries.
 */

/** Tables compared in one generation's history. */
const TABLES_PER_GENERATION = 100;
/** How often a comparison that a cluster could not make now is tried. */
const MAX_TRIES = 4;

export interface VerifyInput extends JobInput {
  readonly carry?: VerifyCarry;
}

interface VerifyCarry {
  readonly after: string | null;
  readonly found: Found;
  /** Tables that were compared. */
  readonly done: number;
}

export function* verifyCopy(context: OrchestrationContext): Steps<VerificationReport | undefined> {
  const { job, carry } = context.df.getInput<VerifyInput>();
  const { after, found, done } = carry ?? { after: null, found: nothingFound, done: 0 };
  const page = yield* step<VerifiedPage>(context, ACTIVITY.listVerified, {
    job,
    after,
    count: TABLES_PER_GENERATION,
  } satisfies ListVerifiedInput);
  let all = found;
  let compared = done;
  for (const wave of chunked(page.tables, Math.max(1, page.slots))) {
    context.df.setCustomStatus({ compared, of: done + page.left });
    all = withFound(all, yield* compareWave(context, job, wave));
    compared += wave.length;
  }
  if (!page.end) {
    const next: VerifyCarry = { after: page.tables.at(-1) ?? after, found: all, done: compared };
    context.df.continueAsNew({ job, carry: next } satisfies VerifyInput);
    return undefined;
  }
  const { name, source, destination, lake } = job;
  const at = context.df.currentUtcDateTime.toISOString();
  return verificationReport({ job: name, source, destination, lake, at }, all);
}

/** Compares some tables side by side; those that a cluster could not answer for now are tried again, in tasks of their own. */
function* compareWave(
  context: OrchestrationContext,
  job: Job,
  tables: readonly string[],
): Steps<VerifiedTable[]> {
  const found: VerifiedTable[] = [];
  let waiting = [...tables];
  for (let tries = 1; waiting.length > 0; tries++) {
    const answers = yield* together<VerifiedTable>(
      context,
      waiting.map((table) => ({ name: ACTIVITY.verifyTable, input: { job, table } })),
    );
    const again: string[] = [];
    for (const [i, answered] of answers.entries()) {
      const table = waiting[i] ?? "";
      if (answered.kind === "stale") throw new TakenOver(answered.reason);
      if (answered.kind === "done") found.push(answered.value);
      else if (answered.retryable && tries < MAX_TRIES) again.push(table);
      else found.push(notCompared(table, answered.reason));
    }
    waiting = again;
    if (waiting.length > 0) yield* backOff(context, ACTIVITY.verifyTable, tries, job.pollMs);
  }
  return found;
}

function notCompared(name: string, reason: string): VerifiedTable {
  return {
    name,
    state: "unknown",
    source: null,
    destination: null,
    days: [],
    moreDays: 0,
    reason: `It could not be compared: ${reason}`,
    advice: "Verify again.",
  };
}
