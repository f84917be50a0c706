import { tryOrchestration } from "../../local/host/tryOrchestrators.ts";
import type { Job } from "../../model/job.ts";
import type { Flight } from "../../model/schedule.ts";
import { copyJob } from "../../orchestrators/copyJob.ts";
import { type FakeOptions, fakeCopy, job } from "./fakeCopy.ts";

/** Runs a copy by activities that copy nothing; answers how it ended and what was asked of them. */
export async function run(options: FakeOptions, settings: Partial<Job> = {}) {
  const copy = fakeCopy(options);
  const status = await tryOrchestration({
    orchestrators: { copyJob },
    activities: copy.activities,
    start: "copyJob",
    input: { job: { ...job, ...settings } },
  });
  return { status, ...copy };
}

/** Of the windows some are refused twice on their way, and some attempts go wrong. */
export function eachOnce(): (flight: Flight) => "refused" | "wrong" | undefined {
  const seen = new Set<string>();
  return (flight) => {
    const what = `${flight.window} ${flight.stage}`;
    if (seen.has(what) || flight.attempt > 1) return undefined;
    seen.add(what);
    const number = Number(flight.window.split(".").at(-1));
    if (flight.stage === "ingesting" && number % 3 === 0) return "wrong";
    return ["toExport", "toVerify"].includes(flight.stage) && number % 2 === 1 ? "refused" : undefined;
  };
}
