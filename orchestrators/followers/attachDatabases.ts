import type { OrchestrationContext } from "durable-functions";
import {
  type AttachInput,
  FOLLOWER_ACTIVITY,
  type PlannedAttach,
  type Work,
} from "../../activities/followers/contract.ts";
import type { AttachReport } from "../../model/followers/reports.ts";
import { type Steps, step } from "../calls.ts";
import { waitUntilShared } from "./verify.ts";
import { runWorks } from "./works.ts";

/**
 * Attaches databases of a leader to a follower: everything is refused before anything is sent; what is there as asked is
 * kept; then it is waited until both sides show it. Running it again changes only what differs.
 */
export function* attachDatabases(context: OrchestrationContext): Steps<AttachReport> {
  const { request, pollMs } = context.df.getInput<AttachInput>();
  context.df.setCustomStatus({ step: "planning" });
  const plan = yield* step<PlannedAttach>(context, FOLLOWER_ACTIVITY.planAttach, request);
  const { follower, leader } = request;
  const head = { operation: "attach" as const, follower, leader, warnings: [...plan.warnings] };
  const described = plan.planned.map(({ action, attachment }) => ({
    database: attachment.database,
    configuration: attachment.name,
    action,
  }));
  if (plan.refused.length > 0) {
    const databases = described.map((each) => ({ ...each, error: null }));
    return { ...head, outcome: "refused", refused: [...plan.refused], databases, sharing: null };
  }
  const changed = plan.planned.filter(({ action }) => action !== "keep");
  const works = changed.map(
    ({ attachment }): Work => ({ kind: "attach", follower, location: plan.location, attachment }),
  );
  const ends = yield* runWorks(context, works, pollMs, (progress) =>
    context.df.setCustomStatus({ step: "attaching", ...progress }),
  );
  const errors = new Map(changed.map(({ attachment }, i) => [attachment.name, ends[i] ?? null]));
  const databases = described.map((each) => ({ ...each, error: errors.get(each.configuration) ?? null }));
  const attached = databases.filter(({ error }) => error === null);
  context.df.setCustomStatus({ step: "verifying", of: attached.length });
  const sharing =
    attached.length === 0
      ? null
      : yield* waitUntilShared(
          context,
          { follower, leader, configurations: attached.map(({ configuration }) => configuration) },
          pollMs,
          (waiting) => context.df.setCustomStatus({ step: "verifying", of: attached.length, waiting }),
        );
  const whole =
    attached.length === databases.length &&
    sharing !== null &&
    !["waiting", "failed"].includes(sharing.verdict);
  return { ...head, outcome: whole ? "done" : "failed", refused: [], databases, sharing };
}
