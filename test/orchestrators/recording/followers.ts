import type { Answer } from "../../../activities/contract.ts";
import {
  type ApplyOverrideInput,
  type BegunWork,
  FOLLOWER_ACTIVITY,
  type FoundOverrides,
  type OperationState,
  type PlannedAttach,
  type Work,
} from "../../../activities/followers/contract.ts";
import type { Trial } from "../../../local/host/tryOrchestrators.ts";
import { noOverrides } from "../../../model/followers/overrides.ts";
import type { SharingReport } from "../../../model/followers/verification.ts";
import { attachDatabases } from "../../../orchestrators/followers/attachDatabases.ts";
import { detachDatabases } from "../../../orchestrators/followers/detachDatabases.ts";
import { overrideFollower } from "../../../orchestrators/followers/overrideFollower.ts";
import { verifyFollower } from "../../../orchestrators/followers/verify.ts";

const cluster = (name: string) =>
  `/subscriptions/s/resourceGroups/g/providers/Microsoft.Kusto/clusters/${name}`;
const follower = cluster("follower");
const leader = cluster("leader");
const pollMs = 100;

/** What is done about followers. */
export const followers: Readonly<Record<string, () => Trial>> = {
  "follower-attach": () => ({
    orchestrators: { attachDatabases },
    activities: {
      [FOLLOWER_ACTIVITY.planAttach]: (): Answer<PlannedAttach> => ({
        kind: "done",
        value: {
          planned: ["A", "B", "C"].map((database) => ({
            action: database === "A" ? "keep" : "create",
            attachment: { name: `share-${database}`, database, leader, principals: "Union" },
          })),
          refused: [],
          warnings: [],
          location: "westus",
        },
      }),
      ...works("share-B"),
      [FOLLOWER_ACTIVITY.verifyShared]: shared(2),
    },
    start: "attachDatabases",
    input: { request: { follower, leader, databases: ["A", "B", "C"], principals: "Union" }, pollMs },
  }),
  "follower-attach-refused": () => ({
    orchestrators: { attachDatabases },
    activities: {
      [FOLLOWER_ACTIVITY.planAttach]: (): Answer<PlannedAttach> => ({
        kind: "done",
        value: { planned: [], refused: ["The clusters share no region."], warnings: [], location: "westus" },
      }),
    },
    start: "attachDatabases",
    input: { request: { follower, leader, databases: ["A"], principals: "Union" }, pollMs },
  }),
  "follower-detach": () => ({
    orchestrators: { detachDatabases },
    activities: {
      [FOLLOWER_ACTIVITY.planDetach]: (): Answer<object> => ({
        kind: "done",
        value: {
          targets: ["A", "B"].map((database) => ({
            follower,
            configuration: `share-${database}`,
            databases: [database],
          })),
          refused: [],
        },
      }),
      ...works("share-B"),
    },
    start: "detachDatabases",
    input: { request: { side: "follower", follower, databases: ["A", "B"] }, pollMs },
  }),
  "follower-override": () => ({
    orchestrators: { overrideFollower },
    activities: {
      [FOLLOWER_ACTIVITY.readOverrides]: (): Answer<FoundOverrides> => ({
        kind: "done",
        value: { uri: "https://follower", database: "A", overrides: noOverrides("union") },
      }),
      [FOLLOWER_ACTIVITY.applyOverride]: ({ change }: ApplyOverrideInput): Answer<null> =>
        JSON.stringify(change).includes("prefetch")
          ? { kind: "failed", retryable: false, reason: "Denied." }
          : { kind: "done", value: null },
    },
    start: "overrideFollower",
    input: {
      request: {
        follower,
        database: "A",
        caching: { database: "7d", tables: { T: "1d" } },
        prefetch: true,
        planOnly: false,
      },
      pollMs,
    },
  }),
  "follower-verify": () => ({
    orchestrators: { verifyFollower },
    activities: { [FOLLOWER_ACTIVITY.verifyShared]: shared(0) },
    start: "verifyFollower",
    input: { request: { follower }, pollMs },
  }),
};

/** Changes at the resource manager: each runs for two looks, and one configuration's is refused once. */
function works(refusedOnce: string): Trial["activities"] {
  const begun = new Map<string, number>();
  const looks = new Map<string, number>();
  return {
    [FOLLOWER_ACTIVITY.beginWork]: (work: Work): Answer<OperationState> => {
      const name = work.kind === "attach" ? work.attachment.name : work.configuration;
      const times = (begun.get(name) ?? 0) + 1;
      begun.set(name, times);
      if (name === refusedOnce && times === 1)
        return { kind: "failed", retryable: true, reason: "The cluster is in maintenance." };
      return { kind: "done", value: { kind: "running", operation: name } };
    },
    [FOLLOWER_ACTIVITY.lookAtWorks]: (asked: BegunWork[]): Answer<Answer<OperationState>[]> => ({
      kind: "done",
      value: asked.map(({ operation }) => {
        const times = (looks.get(operation) ?? 0) + 1;
        looks.set(operation, times);
        return { kind: "done", value: times < 2 ? { kind: "running", operation } : { kind: "done" } };
      }),
    }),
  };
}

/** What both sides show: what is shared comes after some looks. */
function shared(waits: number): () => Answer<Omit<SharingReport, "at">> {
  let looks = 0;
  return () => ({
    kind: "done",
    value: {
      follower,
      verdict: ++looks <= waits ? "waiting" : "passed",
      databases: [],
      missing: [],
    },
  });
}
