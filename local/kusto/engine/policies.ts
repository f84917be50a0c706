import { z } from "zod";
import { KustoError } from "../kustoError.ts";
import type { DatabaseState, Json, Policies, TableState } from "./state.ts";
import {
  TICKS_PER_DAY,
  TICKS_PER_MINUTE,
  TICKS_PER_SECOND,
  ticksOfTimespan,
  timespanOfTicks,
} from "./ticks.ts";

export type PolicyScope = "cluster" | "database" | "table";

interface PolicyKind {
  /** What the `PolicyName` column shows. */
  readonly title: string;
  readonly scopes: readonly PolicyScope[];
  /** What is in effect where nothing is set. */
  readonly fallback: Json;
  readonly inherited: boolean;
  /** Checks a policy object and fills in its defaults. */
  readonly check: (value: Json) => Json;
}

export function policyError(message: string): KustoError {
  return new KustoError(
    400,
    "General_BadRequest",
    "Kusto.Common.Svc.Exceptions.EntityPolicyException",
    message,
    true,
  );
}

function checked<T>(schema: z.ZodType<T>, build: (value: T) => Json): (value: Json) => Json {
  return (value) => {
    const parsed = schema.safeParse(value);
    if (!parsed.success) {
      throw policyError(
        `The policy object is invalid: ${parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ")}`,
      );
    }
    return build(parsed.data);
  };
}

const timespan = z.string().transform((text, context) => {
  const ticks = ticksOfTimespan(text);
  if (ticks === undefined) {
    context.addIssue({ code: "custom", message: `'${text}' is not a timespan` });
    return z.NEVER;
  }
  return ticks;
});

/** `kusto/management/batching-policy.md`, defaults and limits. */
const batching = checked(
  z.object({
    MaximumBatchingTimeSpan: timespan
      .default(5n * TICKS_PER_MINUTE)
      .refine(
        (ticks) => ticks >= 10n * TICKS_PER_SECOND && ticks <= 30n * TICKS_PER_MINUTE,
        "must be between 00:00:10 and 00:30:00",
      ),
    MaximumNumberOfItems: z.number().int().min(1).max(25_000).default(500),
    MaximumRawDataSizeMB: z.number().int().min(100).max(4096).default(1024),
  }),
  (value) => ({ ...value, MaximumBatchingTimeSpan: timespanOfTicks(value.MaximumBatchingTimeSpan) }),
);

/** `kusto/management/merge-policy.md`. */
const merge = checked(
  z.object({
    RowCountUpperBoundForMerge: z.number().int().min(0).default(16_000_000),
    OriginalSizeMBUpperBoundForMerge: z.number().int().min(0).default(30_000),
    MaxExtentsToMerge: z.number().int().min(2).default(100),
    MaxRangeInHours: z.number().int().min(1).default(24),
    AllowRebuild: z.boolean().default(true),
    AllowMerge: z.boolean().default(true),
    Lookback: z
      .object({
        Kind: z.enum(["Default", "All", "HotCache", "Custom"]),
        CustomPeriod: z.string().nullable().default(null),
      })
      .default({ Kind: "Default", CustomPeriod: null }),
  }),
  (value) => value,
);

/** `kusto/management/retention-policy.md`: the default period is 1,000 years. */
const retention = checked(
  z.object({
    SoftDeletePeriod: timespan.default(365_000n * TICKS_PER_DAY),
    Recoverability: z.enum(["Enabled", "Disabled"]).default("Enabled"),
  }),
  (value) => ({ ...value, SoftDeletePeriod: timespanOfTicks(value.SoftDeletePeriod) }),
);

/** `kusto/management/cache-policy.md`. */
const caching = checked(
  z.object({
    DataHotSpan: z.union([timespan, z.object({ Value: timespan }).transform((item) => item.Value)]),
    IndexHotSpan: z.unknown().optional(),
    HotWindows: z.array(z.object({ MinValue: z.string(), MaxValue: z.string() })).default([]),
  }),
  (value) => {
    const span = { Value: timespanOfTicks(value.DataHotSpan) };
    return { DataHotSpan: span, IndexHotSpan: span, HotWindows: value.HotWindows };
  },
);

export const updatePolicySchema = z.array(
  z.object({
    IsEnabled: z.boolean().default(true),
    Source: z.string(),
    SourceIsWildCard: z.boolean().default(false),
    Query: z.string(),
    IsTransactional: z.boolean().default(false),
    PropagateIngestionProperties: z.boolean().default(false),
    ManagedIdentity: z.string().nullable().default(null),
  }),
);

const flag = checked(
  z.union([z.boolean(), z.object({ IsEnabled: z.boolean() }).transform((item) => item.IsEnabled)]),
  (value) => value,
);
const anyObject = checked(z.record(z.string(), z.json()), (value) => value);

const capacityDefaults: Json = {
  IngestionCapacity: { ClusterMaximumConcurrentOperations: 512, CoreUtilizationCoefficient: 0.75 },
  ExtentsMergeCapacity: { MinimumConcurrentOperationsPerNode: 1, MaximumConcurrentOperationsPerNode: 3 },
  ExtentsPurgeRebuildCapacity: { MaximumConcurrentOperationsPerNode: 1 },
  ExportCapacity: { ClusterMaximumConcurrentOperations: 100, CoreUtilizationCoefficient: 0.25 },
  ExtentsPartitionCapacity: { ClusterMinimumConcurrentOperations: 1, ClusterMaximumConcurrentOperations: 32 },
  MaterializedViewsCapacity: {
    ClusterMaximumConcurrentOperations: 1,
    ExtentsRebuildCapacity: { ClusterMaximumConcurrentOperations: 50, MaximumConcurrentOperationsPerNode: 5 },
  },
  StoredQueryResultsCapacity: {
    MaximumConcurrentOperationsPerDbAdmin: 250,
    CoreUtilizationCoefficient: 0.75,
  },
  StreamingIngestionPostProcessingCapacity: { MaximumConcurrentOperationsPerNode: 4 },
  PurgeStorageArtifactsCleanupCapacity: { MaximumConcurrentOperationsPerCluster: 2 },
  PeriodicStorageArtifactsCleanupCapacity: { MaximumConcurrentOperationsPerCluster: 2 },
  QueryAccelerationCapacity: { ClusterMaximumConcurrentOperations: 100, CoreUtilizationCoefficient: 0.5 },
  GraphSnapshotsCapacity: { ClusterMaximumConcurrentOperations: 5 },
};

export const POLICIES: Readonly<Record<string, PolicyKind>> = {
  ingestiontime: {
    title: "IngestionTimePolicy",
    scopes: ["table"],
    fallback: true,
    inherited: false,
    check: flag,
  },
  restricted_view_access: {
    title: "RestrictedViewAccessPolicy",
    scopes: ["table"],
    fallback: false,
    inherited: false,
    check: flag,
  },
  ingestionbatching: {
    title: "IngestionBatchingPolicy",
    scopes: ["database", "table"],
    fallback: batching({}),
    inherited: true,
    check: batching,
  },
  merge: {
    title: "ExtentsMergePolicy",
    scopes: ["database", "table"],
    fallback: merge({}),
    inherited: true,
    check: merge,
  },
  retention: {
    title: "RetentionPolicy",
    scopes: ["database", "table"],
    fallback: null,
    inherited: true,
    check: retention,
  },
  caching: {
    title: "CachingPolicy",
    scopes: ["cluster", "database", "table"],
    fallback: null,
    inherited: true,
    check: caching,
  },
  update: {
    title: "UpdatePolicy",
    scopes: ["table"],
    fallback: [],
    inherited: false,
    check: checked(updatePolicySchema, (value) => value),
  },
  row_level_security: {
    title: "RowLevelSecurityPolicy",
    scopes: ["table"],
    fallback: null,
    inherited: false,
    check: checked(z.object({ IsEnabled: z.boolean(), Query: z.string() }), (value) => value),
  },
  sharding: {
    title: "ShardingPolicy",
    scopes: ["database", "table"],
    inherited: true,
    fallback: {
      ShardEngineMaxRowCount: 1_048_576,
      ShardEngineMaxExtentSizeInMb: 8192,
      ShardEngineMaxOriginalSizeInMb: 3072,
    },
    check: checked(
      z.object({
        ShardEngineMaxRowCount: z.number().int().min(1).default(1_048_576),
        ShardEngineMaxExtentSizeInMb: z.number().int().min(1).default(8192),
        ShardEngineMaxOriginalSizeInMb: z.number().int().min(1).default(3072),
      }),
      (value) => value,
    ),
  },
  streamingingestion: {
    title: "StreamingIngestionPolicy",
    scopes: ["database", "table"],
    fallback: null,
    inherited: true,
    check: checked(
      z.object({ IsEnabled: z.boolean(), HintAllocatedRate: z.number().nullable().default(null) }),
      (value) => value,
    ),
  },
  managed_identity: {
    title: "ManagedIdentityPolicy",
    scopes: ["cluster", "database"],
    fallback: [],
    inherited: false,
    check: checked(z.array(z.object({ ObjectId: z.string(), AllowedUsages: z.string() })), (list) =>
      list.map((item) => ({
        ...item,
        ClientId: item.ObjectId,
        TenantId: "",
        DisplayName: item.ObjectId,
        IsSystem: item.ObjectId === "system",
      })),
    ),
  },
  roworder: {
    title: "RowOrderPolicy",
    scopes: ["table"],
    fallback: null,
    inherited: false,
    check: checked(z.array(z.object({ ColumnName: z.string(), Type: z.string() })), (value) => value),
  },
  /** Kept and shown only: extents are never rewritten by it (`kusto/management/partitioning-policy.md`). */
  partitioning: {
    title: "PartitioningPolicy",
    scopes: ["table"],
    fallback: null,
    inherited: false,
    check: checked(
      z.object({ PartitionKeys: z.array(z.json()).min(1).max(2) }).catchall(z.json()),
      (value) => value,
    ),
  },
  auto_delete: {
    title: "AutoDeletePolicy",
    scopes: ["table"],
    fallback: null,
    inherited: false,
    check: checked(
      z.object({ ExpiryDate: z.string(), DeleteIfNotEmpty: z.boolean().default(false) }),
      (value) => value,
    ),
  },
  capacity: {
    title: "CapacityPolicy",
    scopes: ["cluster"],
    fallback: capacityDefaults,
    inherited: false,
    check: anyObject,
  },
};

/** The policy in effect on a table: its own, else its database's, else the default. */
export function policyValue(database: DatabaseState, table: TableState | undefined, kind: string): Json {
  const definition = POLICIES[kind];
  if (definition === undefined) throw policyError(`Unknown policy '${kind}'.`);
  const own = table?.policies[kind];
  if (own !== undefined && own !== null) return own;
  if (table === undefined || definition.inherited) {
    const inherited = database.policies[kind];
    if (inherited !== undefined && inherited !== null) return inherited;
  }
  return definition.fallback;
}

export function setPolicy(policies: Policies, kind: string, value: Json): Policies {
  return { ...policies, [kind]: value };
}

export function isBag(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `.alter-merge`: the named properties replace those of the current policy, lists grow. */
export function mergedPolicy(current: Json, added: Json): Json {
  if (Array.isArray(current) && Array.isArray(added)) return [...current, ...added];
  if (isBag(current) && isBag(added)) {
    const result: Record<string, Json> = { ...current };
    for (const [key, value] of Object.entries(added)) {
      const before = current[key];
      result[key] =
        isBag(value) && before !== undefined && isBag(before) ? mergedPolicy(before, value) : value;
    }
    return result;
  }
  return added;
}
