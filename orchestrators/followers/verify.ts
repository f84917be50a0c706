import type { OrchestrationContext } from "durable-functions";
import {
  FOLLOWER_ACTIVITY,
  type VerifyInput,
  type VerifySharedInput,
} from "../../activities/followers/contract.ts";
import type { VerifyReport } from "../../model/followers/reports.ts";
import type { SharingReport } from "../../model/followers/verification.ts";
import { pause, type Steps, step } from "../calls.ts";

/** Whether databases are shared, as both sides show it now. Changes nothing. */
export function* verifyFollower(context: OrchestrationContext): Steps<VerifyReport> {
  const { request } = context.df.getInput<VerifyInput>();
  const sharing = yield* lookOnce(context, request);
  const fine = sharing.verdict === "passed" || sharing.verdict === "hidden";
  return { operation: "verify", outcome: fine ? "done" : "failed", sharing };
}

/** How long is waited for what comes by itself: the follower reads its leader's schema in seconds to minutes. */
const PATIENCE_LOOKS = 20;
const LONGEST_PAUSE_MS = 15_000;

/** Looks until all is there, or nothing more comes by itself, or five minutes have passed. */
export function* waitUntilShared(
  context: OrchestrationContext,
  asked: VerifySharedInput,
  pollMs: number,
  told: (waiting: string) => void,
): Steps<SharingReport> {
  for (let looks = 1; ; looks++) {
    const sharing = yield* lookOnce(context, asked);
    if (sharing.verdict !== "waiting" || looks >= PATIENCE_LOOKS) return sharing;
    told(waitingFor(sharing));
    yield* pause(context, Math.min(LONGEST_PAUSE_MS, pollMs * 2 ** Math.min(looks, 10)));
  }
}

function* lookOnce(context: OrchestrationContext, asked: VerifySharedInput): Steps<SharingReport> {
  const found = yield* step<Omit<SharingReport, "at">>(context, FOLLOWER_ACTIVITY.verifyShared, asked);
  return { ...found, at: context.df.currentUtcDateTime.toISOString() };
}

function waitingFor({ databases }: SharingReport): string {
  const check = databases.flatMap(({ checks }) => checks).find(({ state }) => state === "waiting");
  return (check?.seen ?? "").slice(0, 1000);
}
