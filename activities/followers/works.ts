import {
  beginAttach,
  beginDetach,
  beginDetachFollower,
  lookAtAttach,
  type OperationState,
} from "../../followers/attachments.ts";
import type { Answer } from "../contract.ts";
import { answer } from "../outcome.ts";
import { resourceManager } from "./clusters.ts";
import type { BegunWork, Work } from "./contract.ts";

/** Begins a change at the resource manager. Delivered twice it begins the same change again, which changes nothing more. */
export function beginWork(work: Work): Promise<Answer<OperationState>> {
  return answer(() => {
    const manager = resourceManager();
    switch (work.kind) {
      case "attach":
        return beginAttach(manager, work.follower, work.location, work.attachment);
      case "detach":
        return beginDetach(manager, work.follower, work.configuration);
      case "detachFollower":
        return beginDetachFollower(manager, work.leader, work);
    }
  });
}

/** Looks once at each of some changes; one that failed says so for itself, and the others are looked at all the same. */
export function lookAtWorks(begun: readonly BegunWork[]): Promise<Answer<Answer<OperationState>[]>> {
  return answer(() => Promise.all(begun.map(lookAtWork)));
}

function lookAtWork({ work, operation }: BegunWork): Promise<Answer<OperationState>> {
  return answer(() => {
    const manager = resourceManager();
    switch (work.kind) {
      case "attach":
        return lookAtAttach(manager, work.follower, work.location, work.attachment, operation);
      case "detach":
        return beginDetach(manager, work.follower, work.configuration, operation);
      case "detachFollower":
        return beginDetachFollower(manager, work.leader, work, operation);
    }
  });
}
