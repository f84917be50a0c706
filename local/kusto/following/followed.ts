import type { DatabaseState, Json, Policies, Principal, TableState } from "../engine/state.ts";
import { type Attachment, isShared } from "./attachment.ts";
import { combined, type Overrides } from "./overrides.ts";

/** Where a database that is followed comes from, and what it was made of. */
export interface Following {
  readonly attachment: Attachment;
  readonly leaderDatabase: string;
  /** The leader's state that was read last. */
  readonly etag: string;
  /** The follower's copy of each of the leader's tables of rows. */
  readonly stores: ReadonlyMap<string, string>;
  /** The overrides that were applied. */
  readonly overrides: Overrides;
}

function cachingOf(policies: Policies, overrides: Overrides, own: Json | undefined): Policies {
  return { ...policies, caching: combined(overrides.cachingKind, policies.caching ?? null, own ?? null) };
}

function principalsOf(
  leader: readonly Principal[],
  overrides: Overrides,
  attachment: Attachment,
): readonly Principal[] {
  const kind = overrides.principalsKind ?? attachment.principalsKind;
  if (kind === "None") return leader;
  if (kind === "Replace") return overrides.principals;
  const same = (a: Principal, b: Principal) => a.role === b.role && a.fqn === b.fqn;
  return [
    ...leader.filter((item) => !overrides.principals.some((own) => same(item, own))),
    ...overrides.principals,
  ];
}

function tableOf(table: TableState, following: Following): TableState {
  const { overrides, stores } = following;
  const extents = [...table.extents.values()].map((extent) => {
    const store = stores.get(extent.store);
    if (store === undefined) throw new Error(`The rows of extent ${extent.id} were not read from the leader`);
    return { ...extent, store };
  });
  return {
    ...table,
    policies: cachingOf(table.policies, overrides, overrides.tables[table.name]),
    extents: new Map(extents.map((extent) => [extent.id, extent])),
  };
}

/** What of the leader's database a configuration shares (`follower.md`, table level sharing). */
export function sharedPart(leader: DatabaseState, { sharing }: Attachment): DatabaseState {
  const tables = [...leader.tables].filter(([name]) =>
    isShared(name, sharing.tablesToInclude, sharing.tablesToExclude),
  );
  const functions = [...leader.functions].filter(([name]) =>
    isShared(name, sharing.functionsToInclude, sharing.functionsToExclude),
  );
  return { ...leader, tables: new Map(tables), functions: new Map(functions) };
}

/** The database as the follower has it: the shared part of the leader's, with the follower's overrides. */
export function followedDatabase(shared: DatabaseState, name: string, following: Following): DatabaseState {
  const { overrides, attachment } = following;
  return {
    ...shared,
    name,
    policies: cachingOf(shared.policies, overrides, overrides.caching),
    principals: principalsOf(shared.principals, overrides, attachment),
    tables: new Map([...shared.tables].map(([key, table]) => [key, tableOf(table, following)])),
    following,
  };
}
