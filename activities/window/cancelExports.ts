import { cancelOperation } from "../../kusto/commands/operations.ts";
import { describe } from "../../model/errors.ts";
import type { Answer, PollInput } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { answer } from "../outcome.ts";

/**
 * Asks the source to stop exports of a run that ends, or of a table that is out, so that they hold no slots. Kusto promises
 * nothing (`kusto/management/cancel-operation-command.md`): what one still writes lies in its attempt's folder, and is never
 * read. Answers why some could not be asked.
 */
export function cancelExports({ job, flights }: PollInput): Promise<Answer<{ refused: string[] }>> {
  return answer(async () => {
    const { source } = clientsOf(job);
    const refused: string[] = [];
    for (const { operation, table, window } of flights) {
      if (operation === undefined) continue;
      try {
        await source.command(job.source.database, cancelOperation(operation, "No longer awaited"), {
          idempotent: true,
          context: { table, window },
        });
      } catch (error) {
        refused.push(describe(error));
      }
    }
    return { refused };
  });
}
