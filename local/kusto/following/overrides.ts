import { z } from "zod";
import { jsonValue } from "../engine/jsonValue.ts";
import { type ModificationKind, modificationKind } from "./attachment.ts";

const principal = z.object({ role: z.string(), fqn: z.string(), notes: z.string() });

/** What a follower has of its own on a database that it follows (`kusto/management/cluster-follower.md`). */
export const overridesSchema = z.object({
  caching: jsonValue,
  /** By table or materialized view. */
  tables: z.record(z.string(), jsonValue),
  cachingKind: modificationKind,
  principals: z.array(principal),
  /** Undefined until the command sets it: then the configuration's default holds. */
  principalsKind: modificationKind.optional(),
  prefetch: z.boolean(),
});

export type Overrides = z.output<typeof overridesSchema>;

export const noOverrides: Overrides = {
  caching: null,
  tables: {},
  cachingKind: "Union",
  principals: [],
  prefetch: false,
};

/** A policy of the leader and the follower's own, put together as the modification kind says. */
export function combined<T>(kind: ModificationKind, leader: T, own: T | null): T | null {
  switch (kind) {
    case "None":
      return leader;
    case "Replace":
      return own;
    case "Union":
      return own ?? leader;
  }
}
