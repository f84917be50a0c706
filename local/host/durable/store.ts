import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HistoryEvent } from "./events.ts";
import { type Instance, type InstanceState, markPlayed } from "./instance.ts";

/**
 * The task hub's state: all instances in memory, and on disk a journal with one line per transaction, written
 * before the memory changes. A line is whole or it doesn't count, so a killed host goes on where it was.
 */

export type Change =
  | { kind: "create"; instance: Instance }
  | { kind: "arrive"; instanceId: string; event: HistoryEvent }
  | {
      kind: "turn";
      instanceId: string;
      /** Marks the beginning of the turn; null where the instance's fresh events begin with it. */
      started: HistoryEvent | null;
      taken: number;
      added: HistoryEvent[];
      state: InstanceState;
    }
  | {
      kind: "continue";
      instanceId: string;
      executionId: string;
      input: string | null;
      createdTime: string;
      taken: number;
      fresh: HistoryEvent[];
      state: InstanceState;
    }
  | { kind: "rewind"; instanceId: string; history: HistoryEvent[]; event: HistoryEvent; state: InstanceState }
  | { kind: "purge"; instanceId: string };

export interface Store {
  get(instanceId: string): Instance | undefined;
  all(): Instance[];
  /** Commits the changes together. */
  commit(changes: Change[]): void;
}

/** Characters written since the journal was last made short. */
const compactAfter = 64 * 1024 * 1024;

export function openStore(directory: string | null): Store {
  const instances = new Map<string, Instance>();
  const apply = (change: Change): void => {
    if (change.kind === "create") {
      instances.set(change.instance.instanceId, change.instance);
      return;
    }
    const instance = instances.get(change.instanceId);
    if (instance === undefined) return;
    applyTo(instances, instance, change);
  };

  let written = 0;
  const file = directory === null ? null : join(directory, "journal.jsonl");
  if (directory !== null && file !== null) {
    mkdirSync(directory, { recursive: true });
    if (existsSync(file)) for (const changes of readJournal(file)) changes.forEach(apply);
    compact(file, instances);
  }
  return {
    get: (instanceId) => instances.get(instanceId),
    all: () => [...instances.values()],
    commit(changes) {
      if (changes.length === 0) return;
      const line = file === null ? "" : `${JSON.stringify(changes)}\n`;
      if (file !== null) appendFileSync(file, line);
      changes.forEach(apply);
      written += line.length;
      if (file !== null && written > compactAfter) {
        compact(file, instances);
        written = 0;
      }
    },
  };
}

function applyTo(
  instances: Map<string, Instance>,
  instance: Instance,
  change: Exclude<Change, { kind: "create" }>,
): void {
  switch (change.kind) {
    case "arrive":
      instance.inbox.push(change.event);
      break;
    case "turn": {
      const arrived = instance.fresh ?? instance.inbox.splice(0, change.taken);
      instance.fresh = null;
      if (change.started !== null) instance.history.push(change.started);
      instance.history.push(...markPlayed(arrived), ...change.added);
      Object.assign(instance, change.state);
      break;
    }
    case "continue":
      instance.inbox.splice(0, change.taken);
      Object.assign(instance, change.state);
      instance.executionId = change.executionId;
      instance.generation = null;
      instance.input = change.input;
      instance.createdTime = change.createdTime;
      instance.history = [];
      instance.fresh = change.fresh;
      break;
    case "rewind":
      instance.history = change.history;
      instance.inbox.push(change.event);
      Object.assign(instance, change.state);
      break;
    case "purge":
      instances.delete(change.instanceId);
      break;
  }
}

/** The journal is this program's own file, written by the version that reads it: its lines are taken as they are. */
function readJournal(file: string): Change[][] {
  const lines = readFileSync(file, "utf8").split("\n");
  const transactions: Change[][] = [];
  for (const [index, line] of lines.entries()) {
    if (line === "") continue;
    try {
      transactions.push(JSON.parse(line));
    } catch (error) {
      // Only the last line can be torn: the host died while it wrote it, and had told nobody of it.
      if (index === lines.length - 1) break;
      throw new Error(`${file}, line ${index + 1} can't be read`, { cause: error });
    }
  }
  return transactions;
}

function compact(file: string, instances: Map<string, Instance>): void {
  const lines = [...instances.values()].map((instance) => JSON.stringify([{ kind: "create", instance }]));
  const next = `${file}.new`;
  writeFileSync(next, lines.map((line) => `${line}\n`).join(""));
  renameSync(next, file);
}
