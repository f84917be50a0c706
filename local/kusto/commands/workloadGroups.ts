import { z } from "zod";
import { badRequest } from "../engine/lookup.ts";
import { type CommandResult, result } from "../engine/result.ts";
import type { Json, Policies } from "../engine/state.ts";
import { entityNotFound } from "../kustoError.ts";
import type { CommandContext } from "./context.ts";
import type { Reader } from "./reader.ts";

/** Where the groups are kept among the cluster's policies. */
const KEY = "workload_groups";

const policyBag = z.record(z.string(), z.json());

/**
 * Workload groups (`show-workload-group-command.md`, `create-or-alter-workload-group-command.md`): kept and shown. The
 * local Kusto classifies no request and limits none by them.
 */
export async function workloadGroupCommands(
  reader: Reader,
  context: CommandContext,
): Promise<CommandResult | undefined> {
  const mark = reader.mark();
  const { store } = context.engine;
  if (reader.take("show", "workload_groups")) {
    reader.end();
    return shown([...groupsOf(store.state().policies)]);
  }
  if (reader.take("show", "workload_group")) {
    const name = reader.name();
    reader.end();
    return shown([found(store.state().policies, name)]);
  }
  if (reader.take("create-or-alter", "workload_group")) {
    const name = reader.name();
    const group = parsed(reader.string());
    reader.end();
    const after = await store.change((state) => ({
      ...state,
      policies: { ...state.policies, [KEY]: Object.fromEntries(groupsOf(state.policies).set(name, group)) },
    }));
    return shown([found(after.policies, name)]);
  }
  if (reader.take("drop", "workload_group")) {
    const name = reader.name();
    reader.end();
    if (name === "default") throw badRequest("The default workload group can't be dropped.");
    const after = await store.change((state) => {
      found(state.policies, name);
      const groups = groupsOf(state.policies);
      groups.delete(name);
      return { ...state, policies: { ...state.policies, [KEY]: Object.fromEntries(groups) } };
    });
    return shown([...groupsOf(after.policies)]);
  }
  reader.back(mark);
  return undefined;
}

/** The default group is always there (`workload-groups.md`). */
function groupsOf(policies: Policies): Map<string, Json> {
  const kept = policyBag.safeParse(policies[KEY] ?? {});
  return new Map<string, Json>([["default", {}], ...Object.entries(kept.data ?? {})]);
}

function found(policies: Policies, name: string): [string, Json] {
  const group = groupsOf(policies).get(name);
  if (group === undefined) throw entityNotFound("WorkloadGroup", name);
  return [name, group];
}

function parsed(text: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const read = policyBag.safeParse(value);
  if (!read.success) throw badRequest("The workload group isn't a JSON object of policies.");
  return read.data;
}

function shown(groups: readonly [string, Json][]): CommandResult {
  return result(
    ["WorkloadGroupName:string", "WorkloadGroup:string"],
    groups.map(([name, group]) => [name, JSON.stringify(group)]),
  );
}
