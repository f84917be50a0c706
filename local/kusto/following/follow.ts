import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine } from "../engine/engine.ts";
import { identifier, literal } from "../engine/names.ts";
import type { ClusterState, DatabaseState } from "../engine/state.ts";
import { createQueue } from "../engine/store.ts";
import { type Attachment, followerName } from "./attachment.ts";
import { followedDatabase, sharedPart } from "./followed.ts";
import { GoneAtLeader, leaderDatabase, leaderDatabases, leaderRows } from "./leaderClient.ts";
import { noOverrides, type Overrides } from "./overrides.ts";

/** A configuration that couldn't be followed wholly at the last refresh, and why. */
export interface Trouble {
  readonly configuration: string;
  readonly message: string;
}

export interface Follower {
  /** Takes the place of all attachments that there were, and refreshes. */
  readonly attach: (attachments: readonly Attachment[]) => Promise<void>;
  /** Reads what changed at the leaders and applies overrides: the periodic schema refresh, at once. */
  readonly refresh: () => Promise<void>;
  readonly troubles: () => readonly Trouble[];
  readonly stop: () => Promise<void>;
}

interface Target {
  readonly name: string;
  readonly leaderDatabase: string;
  readonly attachment: Attachment;
}

const attempts = 3;

/**
 * Keeps the databases that a cluster follows as their leaders have them, looking once in each period
 * (`follower.md`: a lag of a few seconds to a few minutes). A leader that doesn't answer leaves what was read before.
 */
export function startFollowing(engine: Engine, periodMs: number): Follower {
  const queue = createQueue();
  const troubles = new Map<string, string>();
  let stopped = false;

  const refresh = () =>
    queue(async () => {
      const { attachments } = engine.store.state();
      troubles.clear();
      const targets = new Map<string, Target>();
      const unreached = new Set<Attachment>();
      for (const attachment of attachments) {
        if (stopped) return;
        try {
          for (const target of await targetsOf(engine.store.state(), attachment)) {
            const key = target.name.toLowerCase();
            // One that is followed already stays with its leader.
            const holder = engine.store.state().databases.get(key)?.following?.attachment.configuration;
            const taken = targets.get(key);
            if (taken === undefined || holder === attachment.configuration) targets.set(key, target);
          }
        } catch (error) {
          unreached.add(attachment);
          troubles.set(attachment.configuration, messageOf(error));
        }
      }
      await release(engine, targets, unreached);
      for (const target of targets.values()) {
        if (stopped) return;
        try {
          await follow(engine, target);
        } catch (error) {
          troubles.set(target.attachment.configuration, messageOf(error));
        }
      }
    });

  const timer = setInterval(() => {
    if (engine.store.state().attachments.length > 0) refresh().catch(engine.settings.report);
  }, periodMs);
  timer.unref();
  return {
    refresh,
    attach: async (attachments) => {
      await engine.store.change((state) => ({ ...state, attachments }), "refresh");
      await refresh();
    },
    troubles: () => [...troubles].map(([configuration, message]) => ({ configuration, message })),
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await queue(async () => undefined);
    },
  };
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

/** The databases that an attachment brings, by the names they get; not those whose name the cluster has itself. */
async function targetsOf(state: ClusterState, attachment: Attachment): Promise<Target[]> {
  const all = await leaderDatabases(attachment.leader.url);
  const named = all.find((name) => name.toLowerCase() === attachment.database.toLowerCase());
  if (attachment.database !== "*" && named === undefined)
    throw new GoneAtLeader(
      `Cluster '${attachment.leader.name}' has no database '${attachment.database}' of its own.`,
    );
  const chosen = attachment.database === "*" ? all : named === undefined ? [] : [named];
  return chosen
    .map((name) => ({ name: followerName(attachment, name), leaderDatabase: name, attachment }))
    .filter(({ name }) => {
      const own = state.databases.get(name.toLowerCase());
      return own === undefined || own.following !== undefined;
    });
}

/** Lets go of what is followed no longer; what an unreachable leader brought stays as it was read last. */
async function release(
  engine: Engine,
  targets: ReadonlyMap<string, Target>,
  unreached: ReadonlySet<Attachment>,
): Promise<void> {
  const kept = new Set([...unreached].map((attachment) => attachment.configuration));
  await engine.store.change((state) => {
    const gone = [...state.databases].filter(([key, database]) => {
      const from = database.following?.attachment;
      return from !== undefined && targets.get(key) === undefined && !kept.has(from.configuration);
    });
    const orphaned = [...state.overrides.keys()].filter((key) => {
      const from = state.databases.get(key)?.following?.attachment.configuration;
      // After a start nothing is followed yet, and a leader that doesn't answer may bring the name again.
      const awaited = kept.size > 0 && (from === undefined || kept.has(from));
      return targets.get(key) === undefined && !awaited;
    });
    if (gone.length === 0 && orphaned.length === 0) return state;
    const databases = new Map(state.databases);
    for (const [key] of gone) databases.delete(key);
    const overrides = new Map(state.overrides);
    for (const key of orphaned) overrides.delete(key);
    return { ...state, databases, overrides };
  }, "refresh");
}

/** Reads a database from its leader where one of the two has changed. Extents that a merge took meanwhile are asked for anew. */
async function follow(engine: Engine, target: Target): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await followOnce(engine, target);
    } catch (error) {
      if (!(error instanceof GoneAtLeader) || attempt === attempts) throw error;
    }
  }
}

async function followOnce(engine: Engine, target: Target): Promise<void> {
  const { attachment, name } = target;
  const key = name.toLowerCase();
  const state = engine.store.state();
  const before = state.databases.get(key)?.following;
  const overrides = state.overrides.get(key) ?? noOverrides;
  const known =
    before?.attachment === attachment &&
    before.leaderDatabase === target.leaderDatabase &&
    before.overrides === overrides;
  const read = await leaderDatabase(
    attachment.leader.url,
    target.leaderDatabase,
    known ? before.etag : undefined,
  );
  if (read === undefined) return;
  const shared = sharedPart(read.database, attachment);
  const fetched: string[] = [];
  try {
    const stores = await copyRows(engine, attachment.leader.url, shared, before?.stores, fetched);
    const { etag } = read;
    const following = { attachment, leaderDatabase: target.leaderDatabase, etag, stores, overrides };
    await engine.store.change((current) => {
      const there = current.databases.get(key);
      // One that the cluster created meanwhile takes precedence, and what was detached stays so.
      const own = there !== undefined && there.following === undefined;
      if (own || !current.attachments.includes(attachment)) {
        engine.store.discard(fetched);
        return current;
      }
      const database = followedDatabase(shared, name, following);
      return { ...current, databases: new Map(current.databases).set(key, database) };
    }, "refresh");
  } catch (error) {
    engine.store.discard(fetched);
    throw error;
  }
}

/** The follower's copies of the rows of a leader's extents: those it has, and the missing ones read now. */
async function copyRows(
  engine: Engine,
  leader: string,
  shared: DatabaseState,
  had: ReadonlyMap<string, string> | undefined,
  fetched: string[],
): Promise<ReadonlyMap<string, string>> {
  const needed = new Set(
    [...shared.tables.values()].flatMap((table) => [...table.extents.values()].map(({ store }) => store)),
  );
  const stores = new Map<string, string>();
  const folder = await mkdtemp(join(tmpdir(), "kusto-follower-"));
  try {
    for (const store of needed) {
      const there = had?.get(store);
      if (there !== undefined) {
        stores.set(store, there);
        continue;
      }
      const file = join(folder, "rows.parquet");
      await leaderRows(leader, store, file);
      const copy = engine.store.newStore();
      await engine.store.withConnection((connection) =>
        connection.run(`CREATE TABLE ${identifier(copy)} AS SELECT * FROM read_parquet(${literal(file)})`),
      );
      fetched.push(copy);
      stores.set(store, copy);
    }
    return stores;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The overrides of a database that is followed, changed; they apply at the next refresh. */
export async function changeOverrides(
  engine: Engine,
  database: string,
  change: (before: Overrides) => Overrides,
): Promise<void> {
  const key = database.toLowerCase();
  await engine.store.change(
    (state) => ({
      ...state,
      overrides: new Map(state.overrides).set(key, change(state.overrides.get(key) ?? noOverrides)),
    }),
    "refresh",
  );
}
