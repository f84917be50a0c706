import { RestError } from "@azure/storage-blob";
import { forgetTaken } from "../../lake/control.ts";
import { appendEntry, readStateOfRun } from "../../lake/log.ts";
import type { Answer, ResyncInput } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { answer } from "../outcome.ts";

/**
 * Takes a request to resynchronise into the log, and removes its file, and those of earlier ones that could not be removed then.
 * Delivered twice, it finds its own entry; a file that can't be removed, as under a policy that keeps blobs, stays: the log
 * tells that it was taken in.
 */
export function acceptResync({ job, run, next, request }: ResyncInput): Promise<Answer<{ next: number }>> {
  return answer(async () => {
    const { lake } = clientsOf(job);
    await appendEntry(
      lake,
      { number: next, run, step: `resync ${request.id}` },
      {
        kind: "resyncAccepted",
        request: request.id,
        tables: [...request.tables],
        ...(request.days === undefined ? {} : { days: [...request.days] }),
      },
    );
    try {
      const { resyncs } = await readStateOfRun(lake, run, next + 1);
      await forgetTaken(lake, resyncs);
    } catch (error) {
      if (!(error instanceof RestError)) throw error;
    }
    return { next: next + 1 };
  });
}
