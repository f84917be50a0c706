import {
  type DurableClient,
  type DurableOrchestrationStatus,
  OrchestrationRuntimeStatus,
} from "durable-functions";
import { z } from "zod";
import type { CopyState, InstanceView } from "../../model/copyView.ts";
import { describe } from "../../model/errors.ts";
import { type Job, jobSchema } from "../../model/job.ts";
import { COPY_JOB } from "../../orchestrators/index.ts";

/** An instance of the copy orchestration: what the host says of it, and the job it runs. */
export interface CopyInstance extends InstanceView {
  readonly job: Job | null;
}

const inputSchema = z.object({ job: jobSchema });
/** What a run says while it waits to try a step again. */
const waitingSchema = z.object({ waiting: z.string() });
const outputSchema = z.object({
  committed: z.array(z.number()),
  ended: z.enum(["paused", "cancelled", "stopped"]).optional(),
});

const STATES: Readonly<Record<string, CopyState>> = {
  [OrchestrationRuntimeStatus.Pending]: "running",
  [OrchestrationRuntimeStatus.Running]: "running",
  [OrchestrationRuntimeStatus.ContinuedAsNew]: "running",
  [OrchestrationRuntimeStatus.Suspended]: "paused",
  [OrchestrationRuntimeStatus.Completed]: "succeeded",
  [OrchestrationRuntimeStatus.Failed]: "failed",
  [OrchestrationRuntimeStatus.Terminated]: "cancelled",
  [OrchestrationRuntimeStatus.Canceled]: "cancelled",
};

const UNFINISHED = [
  OrchestrationRuntimeStatus.Pending,
  OrchestrationRuntimeStatus.Running,
  OrchestrationRuntimeStatus.ContinuedAsNew,
  OrchestrationRuntimeStatus.Suspended,
];

/** The copies that work now, or that the host has suspended. */
export async function unfinishedCopies(client: DurableClient): Promise<CopyInstance[]> {
  const found = await client.getStatusBy({ runtimeStatus: UNFINISHED });
  return found.filter(isCopy).map(copyInstance);
}

/** The copy that works on a lake folder now, or that the host has suspended there. */
export async function unfinishedOn(client: DurableClient, lake: string): Promise<CopyInstance | undefined> {
  return (await unfinishedCopies(client)).find((instance) => instance.job?.lake === lake);
}

/** All copies that the host knows, newest first. */
export async function allCopies(client: DurableClient): Promise<CopyInstance[]> {
  const found = await client.getStatusAll();
  return found
    .filter(isCopy)
    .toSorted((a, b) => createdAt(b) - createdAt(a))
    .map(copyInstance);
}

/** The library hands lists on as the host sent them: their times are texts, whatever its types say. */
function createdAt(status: DurableOrchestrationStatus): number {
  return new Date(status.createdTime).getTime();
}

export async function copyById(client: DurableClient, id: string): Promise<CopyInstance | undefined> {
  const status = await statusById(client, id);
  return status && isCopy(status) ? copyInstance(status) : undefined;
}

/** What the host says of an instance; undefined where it knows none of this id. */
export async function statusById(
  client: DurableClient,
  id: string,
): Promise<DurableOrchestrationStatus | undefined> {
  try {
    return await client.getStatus(id, { showInput: true });
  } catch (error) {
    // The library has no type for an instance that doesn't exist, only this text.
    if (/404|not found|no instance/i.test(describe(error))) return undefined;
    throw error;
  }
}

function isCopy(status: DurableOrchestrationStatus): boolean {
  return status.name === COPY_JOB;
}

function copyInstance(status: DurableOrchestrationStatus): CopyInstance {
  const input = inputSchema.safeParse(parsed(status.input));
  const output = outputSchema.safeParse(parsed(status.output));
  return {
    id: status.instanceId,
    ...stateOf(status),
    committed: output.success ? output.data.committed : [],
    ended: output.success ? output.data.ended : undefined,
    job: input.success ? input.data.job : null,
  };
}

/** How an instance of any of the app's orchestrations stands, and what keeps it or ended it. */
export function stateOf(status: DurableOrchestrationStatus): Pick<InstanceView, "state" | "error"> {
  const state = STATES[status.runtimeStatus] ?? "failed";
  const waiting = waitingSchema.safeParse(parsed(status.customStatus));
  if (state === "failed" || state === "cancelled") return { state, error: reason(status.output) };
  const error =
    state === "running" && waiting.success ? `Waiting to try again: ${waiting.data.waiting}` : null;
  return { state, error };
}

/** Inputs and outputs come as values from the host, or as JSON text from older ones. */
export function parsed(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

/** The orchestration's own words, without what the host wraps around them. */
function reason(output: unknown): string | null {
  if (typeof output !== "string" || output === "") return null;
  const text = output.split(/\r?\n/)[0] ?? "";
  return text
    .replace(/^Orchestrator function '[^']*' failed:\s*/, "")
    .replace(/^(Error|RunFailed|TakenOver):\s*/, "");
}
