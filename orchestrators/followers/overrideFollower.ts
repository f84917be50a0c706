import type { OrchestrationContext } from "durable-functions";
import {
  type ApplyOverrideInput,
  FOLLOWER_ACTIVITY,
  type FoundOverrides,
  type OverrideInput,
  type ReadOverridesInput,
} from "../../activities/followers/contract.ts";
import { changeText, planOverrides } from "../../model/followers/overrides.ts";
import type { OverrideReport } from "../../model/followers/reports.ts";
import { type Steps, step, together } from "../calls.ts";

/** Sets the overrides of a followed database: only what differs is sent, and what is there afterwards is read. */
export function* overrideFollower(context: OrchestrationContext): Steps<OverrideReport> {
  const { request } = context.df.getInput<OverrideInput>();
  const asked: ReadOverridesInput = { follower: request.follower, database: request.database };
  context.df.setCustomStatus({ step: "planning" });
  const {
    uri,
    database,
    overrides: before,
  } = yield* step<FoundOverrides>(context, FOLLOWER_ACTIVITY.readOverrides, asked);
  const plan = planOverrides(before, request);
  const changes = plan.changes.map(changeText);
  const head = {
    operation: "override" as const,
    follower: request.follower,
    database,
    changes,
    warnings: [...plan.warnings],
    before,
  };
  if (request.planOnly) return { ...head, outcome: "planned", after: plan.after, errors: [] };
  const errors: string[] = [];
  for (const [i, change] of plan.changes.entries()) {
    context.df.setCustomStatus({ step: "overriding", done: i, of: changes.length, change: changes[i] });
    // One after the other: their order is what keeps principals from being shut out meanwhile.
    const [answered] = yield* together<null>(context, [
      {
        name: FOLLOWER_ACTIVITY.applyOverride,
        input: { uri, database, change } satisfies ApplyOverrideInput,
      },
    ]);
    if (answered?.kind === "done") continue;
    errors.push(`${changes[i]}: ${answered?.reason ?? "it was not answered"}`);
    break;
  }
  const { overrides: after } = yield* step<FoundOverrides>(context, FOLLOWER_ACTIVITY.readOverrides, asked);
  return { ...head, outcome: errors.length === 0 ? "done" : "failed", after, errors };
}
