import type { Job } from "./job.ts";
import type { SlotCounts } from "./schedule.ts";

type Ends = Pick<Job, "source" | "destination">;

/**
 * A job's slots, divided by the number of jobs that are at work where they are slots of: exports at its source,
 * ingestions at its destination, queries at whichever of the two is the busier. At least one of each, so that every job
 * makes progress.
 */
export function sharesOf(job: Ends, allowed: SlotCounts, others: readonly Ends[]): SlotCounts {
  const source = job.source.cluster;
  const destination = job.destination.cluster;
  const among = (uses: (other: Ends) => boolean) => 1 + others.filter(uses).length;
  const share = (slots: number, jobs: number) => Math.max(1, Math.floor(slots / jobs));
  const queryingAt = (cluster: string) =>
    among((other) => other.source.cluster === cluster || other.destination.cluster === cluster);
  return {
    export: share(
      allowed.export,
      among((other) => other.source.cluster === source),
    ),
    ingestion: share(
      allowed.ingestion,
      among((other) => other.destination.cluster === destination),
    ),
    query: share(allowed.query, Math.max(queryingAt(source), queryingAt(destination))),
  };
}
