import { rowsOf } from "../../kusto/client.ts";
import { ingestAsync, operationIdAnswer } from "../../kusto/commands/ingest.ts";
import { Terminal } from "../../model/errors.ts";
import { attemptTag, dayTag, stagingTable } from "../../model/naming.ts";
import type { Answer, FlightInput, FlightOutcome } from "../contract.ts";
import { clientsOf, ingestClientOf } from "../environment.ts";
import { clusterUrl, lakeOfFiles } from "../lakes.ts";
import { flightStep } from "../outcome.ts";
import { started, windowOfFlight } from "./startExport.ts";

/**
 * Hands a window's files to the destination's ingestion, tagged as this attempt. A second delivery ingests them
 * twice under the same tag, which the count in staging shows before anything is promoted.
 */
export function startIngestion({ job, run, next, flight }: FlightInput): Promise<Answer<FlightOutcome>> {
  return flightStep(flight, async () => {
    const { lake, destination } = clientsOf(job);
    const { state, table, window, tableIndex } = await windowOfFlight(lake, run, next, flight);
    const context = { table: table.name, window: flight.window };
    const { folder, files, content, created, day } = window;
    if (folder === undefined || files === undefined || content === undefined) {
      throw new Terminal("The log says nothing of this window's exported files.", context);
    }
    const tag = attemptTag(state.copyId, run, flight.window, flight.attempt);
    const staging = stagingTable(state.copyId, run, flight.iteration, tableIndex);
    const staged = {
      window: flight.window,
      attempt: flight.attempt,
      staging,
      tag,
      rows: content.rows,
      extents: [],
    };
    if (content.rows === 0) return { kind: "advanced", flight, staged };
    const tags = day === undefined ? [tag] : [tag, dayTag(day)];
    const urls = await Promise.all(
      files.map((name) => clusterUrl(job, lakeOfFiles(job, window), `${folder}/${name}`, flight.attempt)),
    );
    const common = { table: staging, format: table.format, tags, creationTimeIso: created };
    const begun = {
      ...started(flight),
      stage: "ingesting" as const,
      folder,
      rows: content.rows,
      since: new Date().toISOString(),
    };
    if (job.ingestion === "direct") {
      const rows = await destination.command(
        job.destination.database,
        ingestAsync({ ...common, blobs: urls }),
        { context },
      );
      const operation = rowsOf(operationIdAnswer, rows)[0]?.OperationId;
      if (operation === undefined) throw new Terminal("The ingestion gave no operation id.", context);
      return { kind: "advanced", flight: { ...begun, operation } };
    }
    const client = ingestClientOf(job);
    // Nothing else can join these blobs' batch, as the tag is theirs alone: waiting for more would only delay them.
    for (const url of urls) await client.ingestBlob({ ...common, url, flushImmediately: true });
    return { kind: "advanced", flight: begun };
  });
}
