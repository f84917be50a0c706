import { badRequest, findDatabase, findTable } from "../engine/lookup.ts";
import {
  isBag,
  mergedPolicy,
  POLICIES,
  type PolicyScope,
  policyError,
  policyValue,
  setPolicy,
} from "../engine/policies.ts";
import { type CommandResult, result, type Value } from "../engine/result.ts";
import { type DatabaseState, type Json, type TableState, withTable } from "../engine/state.ts";
import { timespanOfTicks } from "../engine/ticks.ts";
import { syntaxError } from "../kustoError.ts";
import { encodingText } from "./columns.ts";
import { type CommandContext, changeDatabase, current, tableReference } from "./context.ts";
import { type Reader, timespanOf } from "./reader.ts";

type Target =
  | { readonly scope: "cluster" }
  | { readonly scope: "database"; readonly database: string }
  | { readonly scope: "table"; readonly database: string; readonly tables: readonly string[] };

const COLUMNS = [
  "PolicyName:string",
  "EntityName:string",
  "Policy:string",
  "ChildEntities:string",
  "EntityType:string",
];

function readTarget(reader: Reader, context: CommandContext): Target | undefined {
  const mark = reader.mark();
  const found = (target: Target): Target | undefined => {
    if (reader.take("policy")) return target;
    reader.back(mark);
    return undefined;
  };
  if (reader.take("cluster")) return found({ scope: "cluster" });
  if (reader.take("database")) {
    if (reader.peek().text === "policy") return found({ scope: "database", database: current(context).name });
    if (!isName(reader)) return undefined;
    const name = reader.take("*") ? "*" : reader.name();
    return found({ scope: "database", database: name });
  }
  if (reader.take("tables")) {
    if (reader.peek().text !== "(") return undefined;
    const tables = reader.list(reader.name);
    return found({ scope: "table", database: current(context).name, tables });
  }
  if (reader.take("table")) {
    if (!isName(reader)) return undefined;
    if (reader.take("*")) return found({ scope: "table", database: current(context).name, tables: ["*"] });
    const reference = tableReference(reader, context);
    return found({ scope: "table", database: reference.database, tables: [reference.table] });
  }
  return undefined;
}

function isName(reader: Reader): boolean {
  const next = reader.peek();
  return next.kind === "word" || next.kind === "name" || next.kind === "string" || next.text === "*";
}

function policyKind(reader: Reader, scope: PolicyScope): string {
  const kind = reader.next().text.toLowerCase();
  const definition = POLICIES[kind];
  if (kind !== "encoding" && definition === undefined)
    throw policyError(`'${kind}' isn't a policy that the local Kusto knows.`);
  if (definition !== undefined && !definition.scopes.includes(scope))
    throw policyError(`The policy '${kind}' can't be set on a ${scope}.`);
  return kind;
}

function parseObject(text: string): Json {
  const isJson = (value: unknown): value is Json => value !== undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    if (isJson(parsed)) return parsed;
  } catch {
    // Told below.
  }
  throw policyError(`The policy object isn't valid JSON: ${text.slice(0, 200)}`);
}

/** `hot = 30d, hot_window = a .. b` (`alter-table-cache-policy-command.md`). */
export function readCaching(reader: Reader): Json {
  let hot: bigint | undefined;
  const windows: Json[] = [];
  do {
    if (reader.take("hot_window")) {
      reader.expect("=");
      const bound = (): string => {
        const start = reader.mark();
        reader.datetime();
        return reader.text
          .slice(start, reader.mark())
          .trim()
          .replace(/^datetime\((.*)\)$/s, "$1");
      };
      const from = bound();
      reader.expect("..");
      windows.push({ MinValue: from, MaxValue: bound() });
    } else {
      const both = reader.take("hot");
      if (!both && !reader.take("hotdata") && !reader.take("hotindex")) reader.fail("'hot'");
      reader.expect("=");
      const token = reader.next();
      hot = timespanOf(
        token.text === "time" || token.text === "timespan" ? inParentheses(reader) : token.text,
      );
    }
  } while (reader.take(","));
  if (hot === undefined) throw syntaxError("a caching policy needs 'hot = …'.");
  return { DataHotSpan: timespanOfTicks(hot), HotWindows: windows };
}

function inParentheses(reader: Reader): string {
  reader.expect("(");
  const text = reader.next().text;
  reader.expect(")");
  return text;
}

/** `softdelete = 7d recoverability = disabled` (`alter-merge-table-retention-policy-command.md`). */
function readRetention(reader: Reader): Json {
  const policy: Record<string, Json> = {};
  while (reader.peek().kind !== "end" && reader.peek().text !== ";") {
    if (reader.take("softdelete")) {
      reader.expect("=");
      policy.SoftDeletePeriod = timespanOfTicks(timespanOf(reader.next().text));
    } else if (reader.take("recoverability")) {
      reader.expect("=");
      const word = reader.next().text.toLowerCase();
      if (word !== "enabled" && word !== "disabled")
        throw syntaxError("recoverability is enabled or disabled.");
      policy.Recoverability = word === "enabled" ? "Enabled" : "Disabled";
    } else reader.fail("'softdelete' or 'recoverability'");
    reader.take(",");
  }
  return policy;
}

function readPolicy(reader: Reader, kind: string): Json {
  const next = reader.peek();
  if (next.kind === "string") return parseObject(reader.string());
  if (kind === "caching") return readCaching(reader);
  if (kind === "retention") return readRetention(reader);
  if (reader.take("true")) return true;
  if (reader.take("false")) return false;
  if (reader.take("enable"))
    return kind === "row_level_security" ? { IsEnabled: true, Query: reader.string() } : { IsEnabled: true };
  if (reader.take("disable"))
    return kind === "row_level_security"
      ? { IsEnabled: false, Query: reader.string() }
      : { IsEnabled: false };
  return reader.fail("a policy object");
}

function text(value: Json | undefined): string {
  if (value === undefined || value === null) return "null";
  if (typeof value === "boolean") return JSON.stringify({ IsEnabled: value });
  return JSON.stringify(value);
}

/** What `.show … policy` shows where nothing is set: null, or what creation sets. */
function shown(kind: string, own: Json | undefined, scope: PolicyScope): Json {
  const definition = POLICIES[kind];
  if (definition === undefined || (own !== undefined && own !== null)) return own ?? null;
  if (kind === "ingestiontime" || kind === "restricted_view_access") return definition.fallback;
  if (scope === "cluster" && kind === "capacity") return definition.fallback;
  if (scope === "database" && (kind === "merge" || kind === "sharding")) return definition.fallback;
  return null;
}

function tableRows(database: DatabaseState, tables: readonly TableState[], kind: string): Value[][] {
  const title = kind === "encoding" ? "EncodingPolicy" : (POLICIES[kind]?.title ?? kind);
  return tables.map((table) => [
    title,
    `[${database.name}].[${table.name}]`,
    kind === "encoding"
      ? JSON.stringify(
          Object.fromEntries(
            table.columns
              .filter((column) => column.encoding !== undefined)
              .map((column) => [column.name, parseObject(encodingText(column))]),
          ),
        )
      : text(shown(kind, table.policies[kind], "table")),
    "",
    "Table",
  ]);
}

function showPolicy(context: CommandContext, target: Target, kind: string): CommandResult {
  const state = context.engine.store.state();
  const title = kind === "encoding" ? "EncodingPolicy" : (POLICIES[kind]?.title ?? kind);
  if (target.scope === "cluster") {
    const names = [...state.databases.values()].map((database) => database.name);
    return result(COLUMNS, [
      [title, "", text(shown(kind, state.policies[kind], "cluster")), JSON.stringify(names), "Cluster"],
    ]);
  }
  if (target.scope === "database") {
    const databases =
      target.database === "*" ? [...state.databases.values()] : [findDatabase(state, target.database)];
    return result(
      COLUMNS,
      databases.map((database) => [
        title,
        `[${database.name}]`,
        kind === "encoding" ? "null" : text(shown(kind, database.policies[kind], "database")),
        JSON.stringify([...database.tables.keys()]),
        "Database",
      ]),
    );
  }
  const database = findDatabase(state, target.database);
  const tables =
    target.tables[0] === "*"
      ? [...database.tables.values()]
      : target.tables.map((name) => findTable(database, name));
  return result(COLUMNS, tableRows(database, tables, kind));
}

function checkTogether(table: TableState): void {
  const security = table.policies.row_level_security;
  const secured = security !== undefined && isBag(security) && security.IsEnabled === true;
  if (table.policies.restricted_view_access === true && secured) {
    throw policyError(
      "The restricted view access policy can't be configured on a table on which a row level security policy is enabled.",
    );
  }
}

async function storePolicy(
  context: CommandContext,
  target: Target,
  kind: string,
  next: (
    before: Json | undefined,
    database: DatabaseState | undefined,
    table: TableState | undefined,
  ) => Json,
): Promise<void> {
  if (target.scope === "cluster") {
    await context.engine.store.change((state) => ({
      ...state,
      policies: setPolicy(state.policies, kind, next(state.policies[kind], undefined, undefined)),
    }));
    return;
  }
  await changeDatabase(context, target.database, (before) => {
    if (target.scope === "database")
      return {
        ...before,
        policies: setPolicy(before.policies, kind, next(before.policies[kind], before, undefined)),
      };
    let after = before;
    for (const name of target.tables) {
      const table = findTable(after, name);
      const changed = {
        ...table,
        policies: setPolicy(table.policies, kind, next(table.policies[kind], before, table)),
      };
      checkTogether(changed);
      after = withTable(after, changed);
    }
    return after;
  });
}

/** An update policy's source must be there, in the same database, unless it is a pattern (`update-policy.md`). */
function checkUpdate(value: Json, database: DatabaseState | undefined): void {
  if (!Array.isArray(value) || database === undefined) return;
  for (const item of value) {
    if (!isBag(item) || item.SourceIsWildCard === true) continue;
    const source = item.Source;
    if (typeof source === "string" && !database.tables.has(source))
      throw policyError(
        `The source table '${source}' of the update policy wasn't found in database '${database.name}'.`,
      );
  }
}

async function alterPolicy(
  reader: Reader,
  context: CommandContext,
  target: Target,
  merge: boolean,
): Promise<CommandResult> {
  const kind = policyKind(reader, target.scope);
  const definition = POLICIES[kind];
  if (definition === undefined)
    throw badRequest(
      "Encoding policies are altered by '.alter column T.C policy encoding type=…' in the local Kusto.",
    );
  const given = readPolicy(reader, kind);
  reader.end();
  await storePolicy(context, target, kind, (before, database, table) => {
    const base =
      before ?? (database === undefined ? definition.fallback : policyValue(database, table, kind));
    const value = definition.check(merge ? mergedPolicy(base, given) : given);
    if (kind === "update") checkUpdate(value, database);
    if (
      kind === "retention" &&
      target.scope === "database" &&
      isBag(value) &&
      value.SoftDeletePeriod === "00:00:00"
    ) {
      throw policyError("A soft-delete period of 0 can't be set on a database.");
    }
    return value;
  });
  return showPolicy(context, target, kind);
}

/** `.alter`, `.alter-merge`, `.delete` and `.show` of a policy on the cluster, a database or tables (`policies.md`). */
export async function policyCommands(
  reader: Reader,
  context: CommandContext,
): Promise<CommandResult | undefined> {
  const mark = reader.mark();
  for (const verb of ["show", "alter", "alter-merge", "delete"]) {
    if (!reader.take(verb)) continue;
    const target = readTarget(reader, context);
    if (target === undefined) break;
    if (verb === "alter" || verb === "alter-merge")
      return alterPolicy(reader, context, target, verb === "alter-merge");
    const kind = policyKind(reader, target.scope);
    reader.end();
    // Deleting the ingestion-time policy turns it off (`delete-ingestion-time-policy-command.md`).
    if (verb === "delete")
      await storePolicy(context, target, kind, () => (kind === "ingestiontime" ? false : null));
    return showPolicy(context, target, kind);
  }
  reader.back(mark);
  return undefined;
}
