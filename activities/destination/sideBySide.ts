import { chunked } from "../../model/chunked.ts";

/** Small commands sent to one cluster at the same time. */
const AT_ONCE = 8;

/** Does the same for each item, a few at once; the first failure ends it. */
export async function sideBySide<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (const some of chunked(items, AT_ONCE)) await Promise.all(some.map(work));
}
