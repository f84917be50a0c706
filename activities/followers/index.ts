import * as df from "durable-functions";
import { FOLLOWER_ACTIVITY } from "./contract.ts";

/* As in activities/index.ts: each is loaded when it is first called. */

function activity<Input, Output>(name: string, load: () => Promise<(input: Input) => Output>): void {
  df.app.activity(name, { handler: async (input: Input) => (await load())(input) });
}

activity(FOLLOWER_ACTIVITY.planAttach, async () => (await import("./planAttach.ts")).planAttach);
activity(FOLLOWER_ACTIVITY.planDetach, async () => (await import("./planDetach.ts")).planDetach);
activity(FOLLOWER_ACTIVITY.beginWork, async () => (await import("./works.ts")).beginWork);
activity(FOLLOWER_ACTIVITY.lookAtWorks, async () => (await import("./works.ts")).lookAtWorks);
activity(FOLLOWER_ACTIVITY.verifyShared, async () => (await import("./verifyShared.ts")).verifyShared);
activity(FOLLOWER_ACTIVITY.readOverrides, async () => (await import("./overrides.ts")).readOverrides);
activity(FOLLOWER_ACTIVITY.applyOverride, async () => (await import("./overrides.ts")).applyOverride);
