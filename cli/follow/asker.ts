import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import {
  type FollowedList,
  type FollowerReport,
  type FollowersList,
  followedListSchema,
  followerReportSchema,
  followersListSchema,
} from "../../model/followers/reports.ts";
import type { FOLLOWER_ORCHESTRATION } from "../../orchestrators/followers/index.ts";
import type { AppClient } from "../app/client.ts";
import { reasonOf } from "../runtime/copyOnce.ts";

export type FollowerOperation = keyof typeof FOLLOWER_ORCHESTRATION;

/** Who does what a call asks for: this process, or a deployed app. */
export interface Asker {
  /** Runs an operation to its end. Throws with its reason where it can't be made at all. */
  readonly run: (
    operation: FollowerOperation,
    request: object,
    told: (progress: unknown) => void,
  ) => Promise<FollowerReport>;
  readonly followed: (follower: string) => Promise<FollowedList>;
  readonly followers: (leader: string) => Promise<FollowersList>;
  readonly stop: () => void;
}

/** The app's orchestrators and activities in this process, whose environment has been prepared. */
export async function askHere(): Promise<Asker> {
  const { startRuntime } = await import("../runtime/runtime.ts");
  const runtime = await startRuntime();
  // Loaded by the runtime, which registers what it loads.
  const { FOLLOWER_ORCHESTRATION: names } = await import("../../orchestrators/followers/index.ts");
  const lists = await import("../../activities/followers/lists.ts");
  const { appSettings } = await import("../../activities/settings.ts");
  return {
    run: async (operation, request, told) => {
      const input = { request, pollMs: appSettings().KUSTO_COPY_POLL };
      const id = runtime.client.startNew(names[operation], { input });
      const status = await runtime.client.waitForCompletion(id, ({ customStatus }) => told(customStatus));
      if (status.runtimeStatus !== "Completed") throw new Error(reasonOf(status.output));
      return followerReportSchema.parse(status.output);
    },
    followed: lists.followedList,
    followers: lists.followersList,
    stop: () => runtime.stop(),
  };
}

const startedSchema = z.object({ id: z.string() });
const operationSchema = z.object({
  state: z.string(),
  error: z.string().nullable(),
  progress: z.unknown(),
  report: followerReportSchema.nullable(),
});

const REQUESTS = {
  attach: ["POST", "followers"],
  verify: ["POST", "followers/verify"],
  override: ["PATCH", "followers/overrides"],
  detach: ["DELETE", "followers"],
} as const satisfies Readonly<Record<FollowerOperation, readonly [string, string]>>;

/** Between two looks at an operation of the app, milliseconds. */
const LOOK_MS = 1000;

export function askApp(app: AppClient): Asker {
  return {
    run: async (operation, request, told) => {
      const [method, path] = REQUESTS[operation];
      const { id } = await app.send(method, path, request, startedSchema);
      for (;;) {
        const { state, error, progress, report } = await app.get(
          `followers/operations/${encodeURIComponent(id)}`,
          operationSchema,
        );
        if (report !== null) return report;
        if (state !== "running") throw new Error(error ?? `The app's operation ${state}.`);
        told(error === null ? progress : { ...Object(progress), waiting: error });
        await sleep(LOOK_MS);
      }
    },
    followed: (id) => app.get(`followers?follower=${encodeURIComponent(id)}`, followedListSchema),
    followers: (id) => app.get(`leaders?leader=${encodeURIComponent(id)}`, followersListSchema),
    stop: () => undefined,
  };
}
