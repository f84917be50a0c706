import { z } from "zod";

/*
 * Records by names that people gave. They inherit nothing, so that a table named `constructor` or `__proto__` is a
 * name as any other: on a plain object the first would seem to be there already, and the second would vanish.
 */

export function recordFrom<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  const made: Record<string, T> = Object.create(null);
  for (const [name, value] of entries) made[name] = value;
  return made;
}

export function copyRecord<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return recordFrom(Object.entries(record));
}

/** A record as JSON holds it, with values of a schema. `z.record` would drop the name `__proto__`. */
export function recordOf<T>(schema: z.ZodType<T>) {
  return z.unknown().transform((given, context): Record<string, T> => {
    if (typeof given !== "object" || given === null || Array.isArray(given)) {
      context.addIssue("Invalid input: expected a record");
      return z.NEVER;
    }
    const entries: [string, T][] = [];
    for (const [name, value] of Object.entries(given)) {
      const parsed = schema.safeParse(value);
      if (parsed.success) entries.push([name, parsed.data]);
      for (const issue of parsed.error?.issues ?? []) {
        context.addIssue({
          code: "custom",
          message: issue.message,
          path: [name, ...issue.path],
          input: value,
        });
      }
    }
    return recordFrom(entries);
  });
}
