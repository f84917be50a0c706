import * as df from "durable-functions";
import { attachDatabases } from "./attachDatabases.ts";
import { detachDatabases } from "./detachDatabases.ts";
import { overrideFollower } from "./overrideFollower.ts";
import { verifyFollower } from "./verify.ts";

/** Names of the orchestrations about followers, as the portal shows them: each takes `{request, pollMs}` and answers a report. */
export const FOLLOWER_ORCHESTRATION = {
  attach: "attachDatabases",
  detach: "detachDatabases",
  override: "overrideFollower",
  verify: "verifyFollower",
} as const;

df.app.orchestration(FOLLOWER_ORCHESTRATION.attach, attachDatabases);
df.app.orchestration(FOLLOWER_ORCHESTRATION.detach, detachDatabases);
df.app.orchestration(FOLLOWER_ORCHESTRATION.override, overrideFollower);
df.app.orchestration(FOLLOWER_ORCHESTRATION.verify, verifyFollower);
