import { readCluster } from "../../followers/clusterFacts.ts";
import type { AttachRequest } from "../../model/followers/attachment.ts";
import { planAttachments } from "../../model/followers/planAttachments.ts";
import type { Answer } from "../contract.ts";
import { answer } from "../outcome.ts";
import { resourceManager } from "./clusters.ts";
import type { PlannedAttach } from "./contract.ts";

/** Reads both clusters and tells what attaching as asked would change, or why it can't be. Sends nothing. */
export function planAttach(request: AttachRequest): Promise<Answer<PlannedAttach>> {
  return answer(async () => {
    const manager = resourceManager();
    const [leader, follower] = await Promise.all([
      readCluster(manager, request.leader),
      readCluster(manager, request.follower),
    ]);
    return { ...planAttachments(request, leader, follower), location: follower.location };
  });
}
