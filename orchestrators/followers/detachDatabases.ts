import type { OrchestrationContext } from "durable-functions";
import {
  type DetachInput,
  type DetachPlan,
  FOLLOWER_ACTIVITY,
  type Work,
} from "../../activities/followers/contract.ts";
import type { DetachReport } from "../../model/followers/reports.ts";
import { type Steps, step } from "../calls.ts";
import { runWorks } from "./works.ts";

/** Detaches databases on one side. What is gone already is done, so that it can be run again. */
export function* detachDatabases(context: OrchestrationContext): Steps<DetachReport> {
  const { request, pollMs } = context.df.getInput<DetachInput>();
  context.df.setCustomStatus({ step: "planning" });
  const { targets, refused } = yield* step<DetachPlan>(context, FOLLOWER_ACTIVITY.planDetach, request);
  if (refused.length > 0) {
    const detached = targets.map((each) => ({ ...each, error: null }));
    return { operation: "detach", outcome: "refused", refused: [...refused], detached };
  }
  const { side, leader } = request;
  const works = targets.map(({ follower, configuration }): Work => {
    if (side === "leader" && leader !== undefined)
      return { kind: "detachFollower", leader, follower, configuration };
    return { kind: "detach", follower, configuration };
  });
  const ends = yield* runWorks(context, works, pollMs, (progress) =>
    context.df.setCustomStatus({ step: "detaching", ...progress }),
  );
  const detached = targets.map((each, i) => ({ ...each, error: ends[i] ?? null }));
  const failed = detached.some(({ error }) => error !== null);
  return { operation: "detach", outcome: failed ? "failed" : "done", refused: [], detached };
}
