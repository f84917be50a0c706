import type { OrchestrationContext } from "durable-functions";
import { type CustomStatus, tablesNamed } from "../model/customStatus.ts";
import type { Job } from "../model/job.ts";
import { type Carry, lanesOf } from "./carry.ts";

/** Shows where a run stands as the custom status of its instance. */
export function tellProgress(context: OrchestrationContext, job: Job, carry: Carry): void {
  const now = context.df.currentUtcDateTime.toISOString();
  const { flights } = carry;
  const backingOff = flights.filter(
    (flight) => flight.notBefore !== undefined && flight.notBefore > now,
  ).length;
  const exporting = flights.filter((flight) => flight.stage === "exporting").length;
  const ingesting = flights.filter((flight) => flight.stage === "ingesting").length;
  context.df.setCustomStatus({
    job: job.name,
    run: carry.run,
    doing: carry.wanted === "pause" ? "pausing" : "copying",
    lanes: lanesOf(carry).map(({ lane, iteration, windows, staged, shown }) => ({
      lane,
      iteration,
      windows,
      staged,
      shown,
    })),
    inFlight: {
      exporting,
      ingesting,
      other: flights.length - exporting - ingesting - backingOff,
      backingOff,
    },
    tables: tablesNamed(flights.map((flight) => flight.table)),
    refused: carry.refused,
    retried: carry.retried,
    retryReason: carry.retryReason,
    committed: carry.committed.length,
  } satisfies CustomStatus);
}
