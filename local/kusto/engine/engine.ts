import { randomUUID } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";
import { type Follower, startFollowing } from "../following/follow.ts";
import { type Capacity, capacityOf, createCapacity } from "./capacity.ts";
import { type Clock, createClock } from "./clock.ts";
import { type CursorCommits, createCursorCommits } from "./cursors.ts";
import { createFailures, type Failures, type IngestionFailure } from "./failures.ts";
import { createFaults, type Faults } from "./faults.ts";
import { type IngestRelationOptions, type IngestRelationResult, ingestRelation } from "./ingest.ts";
import { createJournal, type Journal } from "./journal.ts";
import { findDatabase, findTable } from "./lookup.ts";
import { startMaintenance } from "./maintenance.ts";
import { createOperations, type Operations } from "./operations.ts";
import type { DataPart, LanguagePart } from "./parts.ts";
import { isBag, policyValue } from "./policies.ts";
import type { RequestContext } from "./request.ts";
import type { DatabaseState, Json } from "./state.ts";
import { openStore, type Store } from "./store.ts";
import { ticksOfTimespan } from "./ticks.ts";

export interface EngineSettings {
  readonly name: string;
  /** The DuckDB file, or undefined for a cluster that ends with its process. */
  readonly path: string | undefined;
  readonly databases: readonly string[];
  readonly nodes: number;
  readonly cores: number;
  readonly exportSlots: number | undefined;
  readonly ingestionSlots: number | undefined;
  /** How much later than its data a cursor is committed. */
  readonly cursorLagMs: readonly [number, number];
  /** How often merging and retention look at the extents. */
  readonly maintenanceMs: number;
  /** How often a follower looks at its leaders. */
  readonly followerRefreshMs: number;
  readonly language: LanguagePart;
  readonly data: DataPart;
  readonly report: (error: unknown) => void;
}

export interface BatchingPolicy {
  readonly maximumTimeMs: number;
  readonly maximumItems: number;
  readonly maximumRawDataSizeMB: number;
}

/** One Kusto cluster: what its commands, its HTTP server and the readers and writers of data work with. */
export interface Engine {
  readonly settings: EngineSettings;
  readonly store: Store;
  readonly clock: Clock;
  readonly cursors: CursorCommits;
  readonly capacity: Capacity;
  readonly operations: Operations;
  readonly faults: Faults;
  readonly failures: Failures;
  readonly journal: Journal;
  readonly follower: Follower;
  readonly language: LanguagePart;
  readonly data: DataPart;
  readonly clusterUri: () => string;
  readonly setClusterUri: (uri: string) => void;
  /** A fresh connection with the query functions registered; the caller closes it. */
  readonly connection: () => Promise<DuckDBConnection>;
  readonly database: (name: string) => DatabaseState;
  readonly batchingPolicy: (database: string, table: string) => BatchingPolicy;
  readonly ingestRelation: (
    database: string,
    table: string,
    relation: string,
    options: IngestRelationOptions,
  ) => Promise<IngestRelationResult>;
  readonly recordIngestionFailure: (failure: IngestionFailure) => void;
  /** A context for work that no request asked for. */
  readonly systemContext: (database: string, text: string) => RequestContext;
  /** Waits until what was started in the background has ended. */
  readonly idle: () => Promise<void>;
  readonly maintain: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export function newDatabase(name: string, persistent: boolean, now: bigint): DatabaseState {
  return {
    id: randomUUID(),
    name,
    prettyName: "",
    persistent,
    cursor: now,
    version: 1,
    policies: {},
    principals: [],
    functions: new Map(),
    tables: new Map(),
  };
}

/** Opens a cluster. */
export async function openEngine(settings: EngineSettings): Promise<Engine> {
  const { report } = settings;
  const store = await openStore(settings.path, settings.language.registerFunctions, report);
  const clock = createClock();
  const faults = createFaults(store.lease);
  const [least, most] = settings.cursorLagMs;
  const cursors = createCursorCommits(store, clock, () => least + Math.random() * (most - least), report);
  const capacityNumber = (section: string, key: string, fallback: number): number => {
    const policy = store.state().policies.capacity;
    const part: Json | undefined = policy !== undefined && isBag(policy) ? policy[section] : undefined;
    const value = part !== undefined && isBag(part) ? part[key] : undefined;
    return typeof value === "number" ? value : fallback;
  };
  const slots = (section: string, maximum: number, coefficient: number): number =>
    capacityOf(
      capacityNumber(section, "ClusterMaximumConcurrentOperations", maximum),
      settings.nodes,
      settings.cores,
      capacityNumber(section, "CoreUtilizationCoefficient", coefficient),
    );
  const capacity = createCapacity(
    () => ({
      ingestions: settings.ingestionSlots ?? slots("IngestionCapacity", 512, 0.75),
      "data-export": settings.exportSlots ?? slots("ExportCapacity", 100, 0.25),
    }),
    clock,
  );
  const operations = await createOperations(store, clock, capacity, faults, report);
  const failures = createFailures(clock);
  await store.change((state) => {
    const databases = new Map(state.databases);
    for (const name of settings.databases) {
      if (!databases.has(name.toLowerCase()))
        databases.set(name.toLowerCase(), newDatabase(name, settings.path !== undefined, clock.now()));
    }
    return databases.size === state.databases.size ? state : { ...state, databases };
  });

  let uri = `http://127.0.0.1/${settings.name}`;
  const never = new AbortController().signal;
  const engine: Engine = {
    get follower() {
      return follower;
    },
    settings,
    store,
    clock,
    cursors,
    capacity,
    operations,
    faults,
    failures,
    journal: createJournal(),
    language: settings.language,
    data: settings.data,
    clusterUri: () => uri,
    setClusterUri: (value) => {
      uri = value;
    },
    connection: store.connection,
    database: (name) => findDatabase(store.state(), name),
    batchingPolicy: (name, tableName) => {
      const database = findDatabase(store.state(), name);
      const policy = policyValue(database, findTable(database, tableName), "ingestionbatching");
      const bag = isBag(policy) ? policy : {};
      const number = (value: Json | undefined, fallback: number): number =>
        typeof value === "number" ? value : fallback;
      const span = bag.MaximumBatchingTimeSpan;
      const ticks = typeof span === "string" ? ticksOfTimespan(span) : undefined;
      return {
        maximumTimeMs: ticks === undefined ? 300_000 : Number(ticks / 10_000n),
        maximumItems: number(bag.MaximumNumberOfItems, 500),
        maximumRawDataSizeMB: number(bag.MaximumRawDataSizeMB, 1024),
      };
    },
    ingestRelation: (database, table, relation, options) =>
      ingestRelation(engine, database, table, relation, options),
    recordIngestionFailure: failures.record,
    systemContext: (database, text) => ({
      database,
      text,
      principal: "aadapp=local;system",
      clientRequestId: `KD.System;${randomUUID()}`,
      activityId: randomUUID(),
      application: "Kusto",
      user: "",
      options: new Map(),
      parameters: new Map(),
      signal: never,
    }),
    idle: async () => {
      await operations.idle();
      await cursors.idle();
    },
    maintain: () => maintenance.once(),
    close: async () => {
      clock.stop();
      await maintenance.stop();
      await follower.stop();
      await engine.idle();
      await store.close();
    },
  };
  const maintenance = startMaintenance(engine);
  const follower = startFollowing(engine, settings.followerRefreshMs);
  return engine;
}
