import type { ContentHash } from "../../kusto/commands/contentHash.ts";
import { type Column, quoteName } from "../../kusto/names.ts";
import { readQueryColumns, readTimedTables, tableExists } from "../../kusto/reads.ts";
import { readState } from "../../lake/log.ts";
import { explained } from "../../model/difference.ts";
import { describe, isRetryable } from "../../model/errors.ts";
import { type Expectation, expectedOf, type Part } from "../../model/expected.ts";
import type { Job } from "../../model/job.ts";
import { shortText } from "../../model/reports/bounded.ts";
import { DAYS_IN_FULL, type VerifiedTable } from "../../model/reports/verification.ts";
import type { Answer, VerifyTableInput } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { answer } from "../outcome.ts";
import { hiddenRows } from "../plan/hiddenRows.ts";
import { readSignature } from "../plan/snapshotSignature.ts";
import { contentOf, EVERYTHING, type Side } from "./content.ts";
import { lookCloser } from "./explainTable.ts";

/** Comparisons of a table that the copy went on with meanwhile, before it is told as busy. */
const LOOKS = 3;

/**
 * Compares a table's rows at the destination with those that the source holds of what the log says was copied. Changes
 * nothing. A copy that commits meanwhile makes the comparison begin anew.
 */
export function verifyTable({ job, table }: VerifyTableInput): Promise<Answer<VerifiedTable>> {
  return answer(async () => {
    const { lake } = clientsOf(job);
    for (let look = 1; ; look++) {
      const state = await readState(lake);
      const seen = await compared(job, table, expectedOf(table, state));
      if (seen.state === "equal" || seen.state === "notCopied") return seen;
      if ((await readState(lake)).next === state.next) return seen;
      if (look === LOOKS)
        return {
          ...seen,
          state: "unknown",
          days: [],
          reason: "A copy is at work on this table, and went on with it while it was compared.",
          advice: "Verify again when it has ended.",
        };
    }
  });
}

async function compared(job: Job, table: string, expected: Expectation): Promise<VerifiedTable> {
  const clients = clientsOf(job);
  const [atSource, atDestination] = await Promise.all([
    tableExists(clients.source, job.source.database, table),
    tableExists(clients.destination, job.destination.database, table),
  ]);
  if (!atSource) {
    const known = expected.kind === "rows";
    return verdict(table, "gone", `The source has no table ${table} any more.`, {
      advice: known
        ? "The destination keeps what was copied. Drop its table too if it shouldn't, and exclude the name from the job."
        : "Exclude the name from the job.",
    });
  }
  if (expected.kind === "stopped")
    return verdict(table, "stopped", expected.reason, {
      advice: "kusto-copy resync copies the table whole once more and lets it go on.",
    });
  if (expected.kind === "notCopied")
    return verdict(table, "notCopied", expected.reason, { advice: "Run the copy, and verify then." });
  if (expected.kind === "busy")
    return verdict(table, "unknown", expected.reason, { advice: "Verify again in a moment." });
  if (!atDestination)
    return verdict(table, "different", `The destination has no table ${table}, and it was copied.`, {
      advice: "kusto-copy resync makes it anew and copies it whole once more.",
    });
  try {
    return await comparedRows(job, table, expected);
  } catch (error) {
    if (isRetryable(error)) throw error;
    return verdict(table, "unknown", `It could not be compared: ${describe(error)}`, {});
  }
}

async function comparedRows(
  job: Job,
  table: string,
  expected: Extract<Expectation, { kind: "rows" }>,
): Promise<VerifiedTable> {
  const clients = clientsOf(job);
  const hidden = await hiddenAnywhere(job, table);
  if (hidden !== undefined) return verdict(table, "unknown", hidden, {});
  const sides = {
    source: { client: clients.source, database: job.source.database, table, query: expected.query },
    destination: { client: clients.destination, database: job.destination.database, table, query: "" },
  };
  const [from, to] = await Promise.all([
    readQueryColumns(clients.source, job.source.database, table, expected.query),
    readQueryColumns(clients.destination, job.destination.database, table, ""),
  ]);
  const shared = sharedColumns(from, to);
  if (shared.retyped.length > 0)
    return verdict(table, "different", `Columns are of other types: ${shared.retyped.join(", ")}.`, {
      advice: "Rename or drop the destination's columns, or its table, and resynchronise the table.",
    });
  const source: Side = { ...sides.source, columns: shared.columns };
  const destination: Side = { ...sides.destination, columns: shared.columns };
  const parts = await partsNow(job, table, expected);
  const seen = await equalContents(source, destination, parts);
  const counts = { source: Number(seen.source.rows), destination: Number(seen.destination.rows) };
  const both = {
    source: { rows: Math.max(0, counts.source), hash: seen.source.hash },
    destination: { rows: counts.destination, hash: seen.destination.hash },
  };
  const lost = await lostColumn(source, parts, shared.missing);
  if (lost !== undefined)
    return verdict(table, "different", lost, {
      ...both,
      advice: "kusto-copy resync makes the column and fills it.",
    });
  if (seen.equal) {
    const note = expected.historyPending
      ? "Its history is still to be copied: compared is what was committed or shown so far."
      : null;
    return { ...verdict(table, "equal", note, both) };
  }
  const changedSince =
    expected.signature !== undefined &&
    (await readSignature(clients.source, job.source.database, table)).signature !== expected.signature;
  const closer = await lookCloser(source, destination, parts, seen.bags, counts);
  const told = explained({
    table,
    source: both.source,
    destination: both.destination,
    ...closer,
    changedSince,
  });
  const onlyNew =
    expected.onlyNew !== undefined && (await equalContents(source, destination, expected.onlyNew)).equal
      ? " It holds exactly what came after this copy first saw the table: right, if the job copied only what came at the time."
      : "";
  const days = closer.days ?? [];
  return {
    ...verdict(table, told.state, `${told.reason ?? ""}${onlyNew}`, { ...both, advice: told.advice }),
    days: days.slice(0, DAYS_IN_FULL),
    moreDays: Math.max(0, days.length - DAYS_IN_FULL),
  };
}

/** A table that cursors can't follow any more is compared as a whole: nothing says which of its rows were copied. */
async function partsNow(
  job: Job,
  table: string,
  { parts }: Extract<Expectation, { kind: "rows" }>,
): Promise<readonly Part[]> {
  if (parts.every((part) => part.range.kind === "whole")) return parts;
  const timed = await readTimedTables(clientsOf(job).source, job.source.database);
  return timed.has(table) ? parts : EVERYTHING;
}

/** Compared as they print, and where that differs, blind to the order of property bags. */
async function equalContents(source: Side, destination: Side, parts: readonly Part[]) {
  const read = async (bags: "text" | "orderBlind") => {
    const [should, holds] = await Promise.all([
      contentOf(source, parts, bags),
      contentOf(destination, EVERYTHING, bags),
    ]);
    return { source: should, destination: holds, bags, equal: isSame(should, holds) };
  };
  const plain = await read("text");
  const hasBags = source.columns.some((column) => column.type === "dynamic");
  if (plain.equal || !hasBags) return plain;
  return read("orderBlind");
}

function isSame(a: ContentHash, b: ContentHash): boolean {
  return a.rows === b.rows && a.hash === b.hash;
}

/** The columns that both sides have alike, in the source's order; what only the destination has is its own. */
function sharedColumns(source: readonly Column[], destination: readonly Column[]) {
  const types = new Map(destination.map((column) => [column.name, column.type]));
  return {
    columns: source.filter((column) => types.get(column.name) === column.type),
    missing: source.filter((column) => !types.has(column.name)),
    retyped: source
      .filter((column) => (types.get(column.name) ?? column.type) !== column.type)
      .map(({ name, type }) => `${name} is ${type} at the source and ${types.get(name)} at the destination`),
  };
}

/** A column that the destination lacks is no loss as long as no copied row has a value in it. */
async function lostColumn(
  source: Side,
  parts: readonly Part[],
  missing: readonly Column[],
): Promise<string | undefined> {
  for (const column of missing) {
    const without = await contentOf({ ...source, columns: [column] }, parts, "text");
    const filled = `${source.query} | where isnotempty(tostring(${quoteName(column.name)}))`;
    const withValues = await contentOf({ ...source, query: filled, columns: [column] }, parts, "text");
    if (withValues.rows > 0n)
      return `The destination lacks column ${column.name}, in which ${withValues.rows} of ${without.rows} rows hold a value.`;
  }
  return undefined;
}

async function hiddenAnywhere(job: Job, table: string): Promise<string | undefined> {
  const { source, destination } = clientsOf(job);
  const [from, to] = await Promise.all([
    hiddenRows(source, job.source.database, [table]),
    hiddenRows(destination, job.destination.database, [table]),
  ]);
  const at = to.get(table);
  return from.get(table) ?? (at === undefined ? undefined : `At the destination: ${at}`);
}

function verdict(
  name: string,
  state: VerifiedTable["state"],
  reason: string | null,
  more: Partial<Pick<VerifiedTable, "source" | "destination" | "advice">>,
): VerifiedTable {
  return {
    name,
    state,
    source: more.source ?? null,
    destination: more.destination ?? null,
    days: [],
    moreDays: 0,
    reason: reason === null ? null : shortText(reason),
    advice: more.advice ?? null,
  };
}
