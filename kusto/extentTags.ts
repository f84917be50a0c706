import { chunked } from "../model/chunked.ts";
import { Retryable } from "../model/errors.ts";
import { type KustoClient, rowsOf } from "./client.ts";
import { type CreatedRange, dropExtentTags, dropTagsAnswer, failedMoves } from "./commands/extents.ts";

const TAGS_PER_COMMAND = 200;

/**
 * Takes tags off a table's extents (`kusto/management/drop-extent-tags.md`). Throws where the answer says of an extent that it
 * failed.
 */
export async function takeTagsOff(
  client: KustoClient,
  database: string,
  { table, tags, ...range }: CreatedRange & { readonly table: string; readonly tags: readonly string[] },
): Promise<void> {
  for (const some of chunked(tags, TAGS_PER_COMMAND)) {
    const command = dropExtentTags(table, some, range);
    const context = { table };
    const rows = rowsOf(
      dropTagsAnswer,
      await client.command(database, command, { idempotent: true, context }),
    );
    const failed = failedMoves(rows);
    if (failed.length > 0)
      throw new Retryable(
        `Tags could not be taken off ${failed.length} extents: ${failed[0]?.Details ?? "no details"}`,
        context,
      );
  }
}
