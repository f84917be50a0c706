import { readCluster } from "../../followers/clusterFacts.ts";
import { listFollowers } from "../../followers/leaderSide.ts";
import {
  type DetachPlan,
  type DetachRequest,
  planDetachAtFollower,
  planDetachAtLeader,
} from "../../model/followers/detach.ts";
import type { Answer } from "../contract.ts";
import { answer } from "../outcome.ts";
import { resourceManager } from "./clusters.ts";

/** What detaching as asked takes away. Asks the side only on which it is done. Sends nothing. */
export function planDetach(request: DetachRequest): Promise<Answer<DetachPlan>> {
  return answer(() => detachPlan(request));
}

export async function detachPlan(request: DetachRequest): Promise<DetachPlan> {
  const manager = resourceManager();
  if (request.side === "follower")
    return planDetachAtFollower(request, await readCluster(manager, request.follower ?? ""));
  return planDetachAtLeader(request, await listFollowers(manager, request.leader ?? ""));
}
