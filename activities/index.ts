import type { InvocationContext } from "@azure/functions";
import * as df from "durable-functions";
import { ACTIVITY } from "./contract.ts";
import "./followers/index.ts";
import { subjectOf } from "./subject.ts";

/*
 * Each activity is loaded when it is first called: a worker that starts for a tick of the timer, an orchestrator or a
 * request doesn't wait for the clients of clusters, queues and topics.
 */

function activity<Input, Output>(name: string, load: () => Promise<(input: Input) => Output>): void {
  df.app.activity(name, {
    handler: async (input: Input, context: InvocationContext) => {
      const subject = subjectOf(input);
      if (subject !== "") context.log(`${name}: ${subject}`);
      return (await load())(input);
    },
  });
}

activity(ACTIVITY.openRun, async () => (await import("./run/openRun.ts")).openRun);
activity(ACTIVITY.readSlots, async () => (await import("./run/slots.ts")).readSlots);
activity(ACTIVITY.planIteration, async () => (await import("./plan/planIteration.ts")).planIteration);
activity(
  ACTIVITY.prepareDestination,
  async () => (await import("./destination/prepareDestination.ts")).prepareDestination,
);
activity(
  ACTIVITY.createStatusView,
  async () => (await import("./destination/createStatusView.ts")).createStatusView,
);
activity(ACTIVITY.mirrorSchema, async () => (await import("./destination/mirrorSchema.ts")).mirrorSchema);
activity(
  ACTIVITY.holdUpdatePolicies,
  async () => (await import("./destination/holdUpdatePolicies.ts")).holdUpdatePolicies,
);
activity(
  ACTIVITY.releaseUpdatePolicies,
  async () => (await import("./destination/releaseUpdatePolicies.ts")).releaseUpdatePolicies,
);
activity(ACTIVITY.takeWindows, async () => (await import("./window/takeWindows.ts")).takeWindows);
activity(ACTIVITY.startExport, async () => (await import("./window/startExport.ts")).startExport);
activity(ACTIVITY.measureExport, async () => (await import("./window/measureExport.ts")).measureExport);
activity(ACTIVITY.startIngestion, async () => (await import("./window/startIngestion.ts")).startIngestion);
activity(ACTIVITY.pollOperations, async () => (await import("./window/pollOperations.ts")).pollOperations);
activity(ACTIVITY.verifyStaged, async () => (await import("./window/verifyStaged.ts")).verifyStaged);
activity(ACTIVITY.adoptStaged, async () => (await import("./window/adoptStaged.ts")).adoptStaged);
activity(ACTIVITY.recordEntry, async () => (await import("./run/recordEntry.ts")).recordEntry);
activity(ACTIVITY.recordFailure, async () => (await import("./run/recordFailure.ts")).recordFailure);
activity(ACTIVITY.readControl, async () => (await import("./run/readControl.ts")).readControl);
activity(ACTIVITY.acceptResync, async () => (await import("./run/acceptResync.ts")).acceptResync);
activity(ACTIVITY.cancelExports, async () => (await import("./window/cancelExports.ts")).cancelExports);
activity(ACTIVITY.abandonIteration, async () => (await import("./run/abandonIteration.ts")).abandonIteration);
activity(ACTIVITY.checkVisibility, async () => (await import("./plan/checkVisibility.ts")).checkVisibility);
activity(
  ACTIVITY.intendPromotion,
  async () => (await import("./promotion/intendPromotion.ts")).intendPromotion,
);
activity(ACTIVITY.promoteTable, async () => (await import("./promotion/promoteTable.ts")).promoteTable);
activity(ACTIVITY.cleanUp, async () => (await import("./promotion/cleanUp.ts")).cleanUp);
activity(ACTIVITY.refreshStatus, async () => (await import("./run/refreshStatus.ts")).refreshStatus);
activity(ACTIVITY.publishEvent, async () => (await import("./run/publishEvent.ts")).publishEvent);
activity(ACTIVITY.describePlan, async () => (await import("./plan/describePlan.ts")).describePlan);
activity(ACTIVITY.listVerified, async () => (await import("./verify/listVerified.ts")).listVerified);
activity(ACTIVITY.verifyTable, async () => (await import("./verify/verifyTable.ts")).verifyTable);
activity(ACTIVITY.checkFamily, async () => (await import("./checks/checkFamily.ts")).checkFamily);
