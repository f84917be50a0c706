import { forgetResync } from "../../lake/control.ts";
import { appendEntry } from "../../lake/log.ts";
import type { Answer, ResyncInput } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { answer } from "../outcome.ts";

/**
 * Takes a request to resynchronise into the log, and removes its file. Delivered twice, it finds its own entry; a file that
 * couldn't be removed is met again, and changes nothing then.
 */
export function acceptResync({ job, run, next, request }: ResyncInput): Promise<Answer<{ next: number }>> {
  return answer(async () => {
    const { lake } = clientsOf(job);
    await appendEntry(
      lake,
      { number: next, run, step: `resync ${request.id}` },
      { kind: "resyncAccepted", request: request.id, tables: [...request.tables] },
    );
    await forgetResync(lake, request.id);
    return { next: next + 1 };
  });
}
