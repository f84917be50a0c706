import { findDatabase, findTable } from "../engine/lookup.ts";
import { type CommandResult, result } from "../engine/result.ts";
import { type Principal, withTable } from "../engine/state.ts";
import { changeOverrides } from "../following/follow.ts";
import { type CommandContext, changeDatabase, current } from "./context.ts";
import type { Reader } from "./reader.ts";

const ROLES = ["admins", "ingestors", "monitors", "unrestrictedviewers", "users", "viewers"];

export function singular(role: string): string {
  const names: Readonly<Record<string, string>> = {
    admins: "Admin",
    ingestors: "Ingestor",
    monitors: "Monitor",
    unrestrictedviewers: "UnrestrictedViewer",
    users: "User",
    viewers: "Viewer",
  };
  return names[role] ?? role;
}

function shown(scope: string, principals: readonly Principal[]): CommandResult {
  return result(
    [
      "Role:string",
      "PrincipalType:string",
      "PrincipalDisplayName:string",
      "PrincipalObjectId:string",
      "PrincipalFQN:string",
      "Notes:string",
      "RoleAssignmentIdentifier:string",
    ],
    principals.map((item) => [
      `${scope} ${item.role}`,
      item.fqn.startsWith("aadapp=")
        ? "AAD Application"
        : item.fqn.startsWith("aadgroup=")
          ? "AAD Group"
          : "AAD User",
      item.fqn,
      "",
      item.fqn,
      item.notes,
      "",
    ]),
  );
}

/**
 * The caller's own roles (`security-roles.md`, which names no columns). Where nobody was given a role, everybody is an
 * administrator of the cluster: the local Kusto asks no one for a role, and says so.
 */
function ownRoles(
  context: CommandContext,
  given: readonly (Principal & { readonly scope: string })[],
): CommandResult {
  const { principal } = context.request;
  const mine = given.filter((item) => item.fqn === principal);
  const roles =
    given.length === 0
      ? [{ scope: "Cluster", role: "AllDatabasesAdmin" }]
      : mine.map(({ scope, role }) => ({ scope, role: `${scope.split(" ")[0]} ${role}` }));
  return result(
    ["Scope:string", "DisplayName:string", "AADObjectID:string", "Role:string"],
    roles.map(({ scope, role }) => [scope, principal, "", role]),
  );
}

/** Who may what (`manage-database-security-roles.md`, `manage-table-security-roles.md`). The local Kusto keeps the lists and asks no one for a role. */
export async function principalCommands(
  reader: Reader,
  context: CommandContext,
): Promise<CommandResult | undefined> {
  const mark = reader.mark();
  if (reader.take("show", "principal", "access")) {
    reader.take("with");
    return reader.fail("a command that the local Kusto knows");
  }
  if (reader.take("show", "cluster", "principal", "roles")) {
    reader.end();
    return ownRoles(context, []);
  }
  if (reader.take("show", "database") || reader.take("show", "table")) {
    const scope = /table\s*$/i.test(reader.text.slice(mark, reader.mark())) ? "Table" : "Database";
    const next = reader.peek();
    const name =
      next.text === "principals"
        ? current(context).name
        : next.kind === "word" || next.kind === "name"
          ? reader.name()
          : "";
    if (name !== "" && reader.take("principal", "roles")) {
      reader.end();
      const database = findDatabase(
        context.engine.store.state(),
        scope === "Table" ? current(context).name : name,
      );
      const ofTable = scope === "Table" ? findTable(database, name).principals : [];
      return ownRoles(context, [
        ...database.principals.map((item) => ({ ...item, scope: `Database ${database.name}` })),
        ...ofTable.map((item) => ({ ...item, scope: `Table ${name}` })),
      ]);
    }
    if (name !== "" && reader.take("principals")) {
      reader.end();
      if (scope === "Table") return shown(`Table ${name}`, findTable(current(context), name).principals);
      const database = findDatabase(context.engine.store.state(), name);
      return shown(`Database ${database.name}`, database.principals);
    }
    reader.back(mark);
    return undefined;
  }
  for (const verb of ["add", "drop", "set"]) {
    if (!reader.take(verb)) continue;
    const scope = reader.take("database") ? "Database" : reader.take("table") ? "Table" : undefined;
    if (scope === undefined) break;
    const name = reader.name();
    const role = ROLES.find((item) => reader.take(item));
    if (role === undefined) break;
    return changePrincipals(reader, context, verb, scope, name, singular(role));
  }
  reader.back(mark);
  return undefined;
}

/** A list of principals after `.add`, `.drop` or `.set` of some in one role. */
export function changedPrincipals(
  before: readonly Principal[],
  verb: string,
  role: string,
  fqns: readonly string[],
  notes: string,
): Principal[] {
  const kept = before.filter((item) => item.role !== role || (verb !== "set" && !fqns.includes(item.fqn)));
  return verb === "drop" ? kept : [...kept, ...fqns.map((fqn) => ({ role, fqn, notes }))];
}

async function changePrincipals(
  reader: Reader,
  context: CommandContext,
  verb: string,
  scope: "Database" | "Table",
  name: string,
  role: string,
): Promise<CommandResult> {
  const none = verb === "set" && reader.take("none");
  const fqns = none ? [] : reader.list(reader.string);
  reader.take("skip-results");
  const notes = reader.peek().kind === "string" ? reader.string() : "";
  reader.end();
  const change = (before: readonly Principal[]): Principal[] =>
    changedPrincipals(before, verb, role, fqns, notes);
  if (scope === "Database") {
    const there = findDatabase(context.engine.store.state(), name);
    // A database that is followed keeps principals of its own beside the leader's (`follower.md`, manage permissions).
    if (there.following !== undefined && role !== "Ingestor") {
      await changeOverrides(context.engine, there.name, (before) => ({
        ...before,
        principals: change(before.principals),
      }));
      return shown(`Database ${there.name}`, there.principals);
    }
    const database = await changeDatabase(context, name, (before) => ({
      ...before,
      principals: change(before.principals),
    }));
    return shown(`Database ${database.name}`, database.principals);
  }
  const database = await changeDatabase(context, current(context).name, (before) => {
    const table = findTable(before, name);
    return withTable(before, { ...table, principals: change(table.principals) });
  });
  return shown(`Table ${name}`, findTable(database, name).principals);
}
