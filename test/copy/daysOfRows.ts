import { createIdTable, loadIds } from "./drive.ts";
import { type CopyStack, cursorsGiven } from "./support.ts";

/** A table Events whose rows were ingested `load` a day, on the first days of May 2024: a window each, where windows hold so many. */
export async function loadDays(
  copies: CopyStack,
  database: string,
  days: number,
  load: number,
): Promise<void> {
  await createIdTable(copies.source, database, "Events");
  for (let day = 0; day < days; day++) {
    const ingestedAt = `2024-05-${String(day + 1).padStart(2, "0")}T12:00:00Z`;
    await loadIds(copies.stack.urls.sourceKusto, database, "Events", [day * load, (day + 1) * load], {
      ingestedAt,
      createdOn: ingestedAt,
    });
  }
  await cursorsGiven();
}
