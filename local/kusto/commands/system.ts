import type { JournalEntry } from "../engine/journal.ts";
import { badRequest } from "../engine/lookup.ts";
import { type CommandResult, result, type Value } from "../engine/result.ts";
import type { CommandContext } from "./context.ts";
import { obfuscated } from "./functions.ts";
import { onlyProperties, type Reader } from "./reader.ts";

/** `.show capacity` (`show-capacity-command.md`, formulas of `capacity-policy.md`). */
function showCapacity(reader: Reader, context: CommandContext): CommandResult {
  const next = reader.peek();
  const wanted = next.kind === "word" && next.text !== "with" ? reader.next().text.toLowerCase() : undefined;
  onlyProperties(reader.properties(), ["scope"]);
  reader.end();
  const { capacity, settings } = context.engine;
  const nodes = settings.nodes >= 4 ? settings.nodes - 1 : settings.nodes;
  const resources: readonly [string, string, number, number, string][] = [
    [
      "ingestions",
      "Ingestions",
      capacity.total("ingestions"),
      capacity.consumed("ingestions"),
      "CapacityPolicy/Ingestion",
    ],
    ["extents-merge", "ExtentsMerge", nodes, 0, "CapacityPolicy/ExtentsMerge"],
    [
      "data-export",
      "DataExport",
      capacity.total("data-export"),
      capacity.consumed("data-export"),
      "CapacityPolicy/Export",
    ],
    ["extents-partition", "ExtentsPartition", 1, 0, "CapacityPolicy/ExtentsPartition"],
    ["materialized-view", "MaterializedView", 1, 0, "CapacityPolicy/MaterializedViews"],
    [
      "stored-query-results",
      "StoredQueryResults",
      Math.min(250, nodes * Math.max(1, Math.floor(settings.cores * 0.75))),
      0,
      "CapacityPolicy/StoredQueryResults",
    ],
  ];
  const shown = resources.filter(([key]) => wanted === undefined || key === wanted);
  if (shown.length === 0) throw badRequest(`'${wanted ?? ""}' isn't a resource of '.show capacity'.`);
  return result(
    ["Resource:string", "Total:long", "Consumed:long", "Remaining:long", "Origin:string"],
    shown.map(([, name, total, consumed, origin]): Value[] => [
      name,
      total,
      consumed,
      Math.max(0, total - consumed),
      origin,
    ]),
  );
}

/** `.show ingestion failures` (`ingestion-failures.md`). */
function showFailures(reader: Reader, context: CommandContext): CommandResult {
  const properties = reader.properties();
  onlyProperties(properties, ["OperationId"]);
  reader.end();
  const id = properties.get("operationid")?.toLowerCase();
  const failures = context.engine.failures
    .list()
    .filter((item) => id === undefined || item.operationId === id);
  return result(
    [
      "OperationId:guid",
      "Database:string",
      "Table:string",
      "FailedOn:datetime",
      "IngestionSourcePath:string",
      "Details:string",
      "FailureKind:string",
      "RootActivityId:guid",
      "OperationKind:string",
      "OriginatesFromUpdatePolicy:bool",
      "ErrorCode:string",
      "Principal:string",
      "User:string",
      "IngestionProperties:string",
      "NumberOfSources:int",
      "ShouldRetry:bool",
    ],
    failures.map((item) => [
      item.operationId ?? null,
      item.database,
      item.table,
      item.failedOn,
      item.source,
      item.details,
      item.permanent ? "Permanent" : "Transient",
      item.context?.activityId ?? null,
      item.operationKind,
      item.fromUpdatePolicy === true,
      item.errorCode,
      item.context?.principal ?? "",
      "",
      item.properties ?? "",
      item.numberOfSources ?? 1,
      !item.permanent,
    ]),
  );
}

/** `.show queries` and `.show commands` (`show-queries-command.md`, `show-commands.md`), the columns that have a meaning here. */
function showJournal(kind: "query" | "command", journal: readonly JournalEntry[]): CommandResult {
  const entries = journal.filter((entry) => entry.kind === kind);
  return result(
    [
      "ClientActivityId:string",
      ...(kind === "command" ? ["CommandType:string"] : []),
      "Text:string",
      "Database:string",
      "StartedOn:datetime",
      "LastUpdatedOn:datetime",
      "Duration:timespan",
      "State:string",
      "RootActivityId:guid",
      "User:string",
      "FailureReason:string",
      "Application:string",
      "Principal:string",
      "WorkloadGroup:string",
    ],
    entries.map((entry): Value[] => [
      entry.context.clientRequestId,
      ...(kind === "command" ? [entry.commandType] : []),
      obfuscated(entry.context.text.slice(0, 65_536)),
      entry.context.database,
      entry.startedOn,
      entry.endedOn,
      entry.endedOn - entry.startedOn,
      entry.state,
      entry.context.activityId,
      entry.context.user,
      entry.failure,
      entry.context.application,
      entry.context.principal,
      "default",
    ]),
  );
}

export async function systemCommands(
  reader: Reader,
  context: CommandContext,
): Promise<CommandResult | undefined> {
  const { engine } = context;
  if (reader.take("show", "capacity")) return showCapacity(reader, context);
  if (reader.take("show", "ingestion", "failures")) return showFailures(reader, context);
  if (reader.take("show", "version")) {
    reader.end();
    return result(
      ["BuildVersion:string", "BuildTime:datetime", "ServiceType:string", "ProductVersion:string"],
      [["1.0.0.0", 638_396_640_000_000_000n, "Engine", "local"]],
    );
  }
  if (reader.take("show", "cluster")) {
    if (reader.peek().kind !== "end") {
      reader.back(1);
      return undefined;
    }
    return result(
      [
        "NodeId:string",
        "Address:string",
        "Name:string",
        "StartTime:datetime",
        "IsAdmin:bool",
        "MachineTotalMemory:long",
        "MachineAvailableMemory:long",
        "ProcessorCount:int",
        "EnvironmentDescription:string",
      ],
      Array.from({ length: engine.settings.nodes }, (_, index): Value[] => [
        `KEngine${index.toString().padStart(6, "0")}`,
        engine.clusterUri(),
        engine.settings.name,
        engine.clock.now(),
        index === 0,
        0,
        0,
        engine.settings.cores,
        "local",
      ]),
    );
  }
  if (reader.take("show", "queries")) {
    reader.end();
    return showJournal("query", engine.journal.list());
  }
  if (reader.take("show", "running", "queries")) {
    if (reader.take("by")) {
      reader.expect("user");
      reader.next();
    }
    reader.end();
    // The journal holds what has ended.
    return showJournal("query", []);
  }
  if (reader.take("show", "commands")) {
    reader.end();
    return showJournal("command", engine.journal.list());
  }
  if (reader.take("show", "principal")) {
    reader.end();
    return result(
      ["PrincipalType:string", "PrincipalDisplayName:string", "PrincipalFQN:string"],
      [["AAD", context.request.principal, context.request.principal]],
    );
  }
  if (reader.take("get", "ingestion", "resources")) {
    reader.properties();
    reader.end();
    const resources = await engine.data.ingestionResources();
    return result(
      ["ResourceTypeName:string", "StorageRoot:string"],
      resources.map((item) => [item.resource, item.root]),
    );
  }
  if (reader.take("get", "kusto", "identity", "token")) {
    reader.end();
    return result(["AuthorizationContext:string"], [[await engine.data.identityToken()]]);
  }
  for (const words of [
    ["materialized-view"],
    ["materialized-views"],
    ["external"],
    ["continuous-export"],
    ["purge"],
  ]) {
    for (const verb of ["show", "create", "create-or-alter", "alter", "drop"]) {
      if (reader.take(verb, ...words))
        throw badRequest(`'.${verb} ${words.join(" ")}' isn't supported by the local Kusto.`);
    }
  }
  if (reader.take("create", "async", "materialized-view"))
    throw badRequest("Materialized views aren't supported by the local Kusto.");
  return undefined;
}
