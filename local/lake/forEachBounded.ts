/** Runs an effect for each item, some at a time. The first failure ends it, after what runs has ended. */
export async function forEachBounded<T>(
  items: Iterable<T>,
  parallel: number,
  effect: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let failed = false;
  async function work(): Promise<void> {
    for (let next = iterator.next(); !failed && next.done !== true; next = iterator.next()) {
      try {
        await effect(next.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  }
  const results = await Promise.allSettled(Array.from({ length: parallel }, work));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
