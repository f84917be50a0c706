import type { EntryBody, Lane, Parked } from "../../model/checkpoint/entries.ts";
import { fold } from "../../model/checkpoint/fold.ts";
import type { OpenIteration, State } from "../../model/checkpoint/state.ts";
import type { Control } from "../../model/control.ts";
import type { Job } from "../../model/job.ts";
import type { JobClients } from "../environment.ts";
import { plan } from "./planIteration.ts";
import { surveySource } from "./survey.ts";

/** What a run would begin with, if it were opened now. */
export interface DryRun {
  /** As the log would stand after the plans. */
  readonly state: State;
  /** In the order in which the run would begin them. */
  readonly iterations: readonly { readonly open: OpenIteration; readonly resumed: boolean }[];
  /** Tables that the job names and that no iteration could take, with the reason; some of them more than once. */
  readonly refused: readonly Parked[];
}

/** A copy that never ran has no mark yet; nothing is named after this one. */
const NO_COPY_ID = "00000000";

/**
 * Plans what the next run would do, by the code that plans in earnest: its entries are folded into a state that nobody
 * else sees, and none is written.
 */
export async function dryRun(
  job: Job,
  clients: Pick<JobClients, "source" | "destination">,
  before: State,
  control: Control,
): Promise<DryRun> {
  const resumed = [before.open.forward, before.open.backfill].filter((open) => open !== undefined);
  let state = next(before, {
    kind: "runOpened",
    copyId: before.copyId ?? NO_COPY_ID,
    job,
    instance: "dry run",
  });
  for (const { id, tables, days } of control.resyncs)
    state = next(state, {
      kind: "resyncAccepted",
      request: id,
      tables: [...tables],
      ...(days === undefined ? {} : { days: [...days] }),
    });
  const planned: OpenIteration[] = [];
  for (const lane of lanesToPlan(job, before)) {
    const body = await plan(job, clients, state, lane);
    if (!body) continue;
    state = next(state, body);
    const open = state.open[lane];
    if (open) planned.push(open);
  }
  const refused =
    planned.length > 0
      ? planned.flatMap((open) => open.refused)
      : (await surveySource(job, clients.source, state)).refused;
  return {
    state,
    iterations: [
      ...resumed.map((open) => ({ open, resumed: true })),
      ...planned.map((open) => ({ open, resumed: false })),
    ],
    refused,
  };
}

/** A first run plans history only; a later one the forward lane too. What is open is gone on with instead. */
function lanesToPlan(job: Job, { open, lastIteration }: State): Lane[] {
  return [
    ...(open.backfill === undefined ? (["backfill"] as const) : []),
    ...(open.forward === undefined && job.mode !== "backfill" && lastIteration > 0
      ? (["forward"] as const)
      : []),
  ];
}

function next(state: State, body: EntryBody): State {
  const number = state.next;
  const run = body.kind === "runOpened" ? number : (state.run?.id ?? 0);
  return fold(state, { ...body, number, run, step: "dry run", at: new Date().toISOString() });
}
