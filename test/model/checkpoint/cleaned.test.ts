import fc from "fast-check";
import { expect, test } from "vitest";
import { owedCleanUps, owedEvents } from "../../../model/checkpoint/cleaned.ts";
import type { EntryBody, EntryOf, Left } from "../../../model/checkpoint/entries.ts";
import { snapshotWithFormat, withFormat } from "../../../model/checkpoint/format.ts";
import { sweepOf } from "../../../model/checkpoint/sweep.ts";
import { attemptTag, stagingTable } from "../../../model/naming.ts";
import { warningsOf } from "../../../model/warnings.ts";
import { committed, entryAt, opening, planned, stateOf } from "./sampleLog.ts";

type Told = Partial<Pick<EntryOf<"cleaned">, "left" | "unpublished">>;

const cleaned = (iteration: number, told: Told = {}): EntryBody => ({ kind: "cleaned", iteration, ...told });
const quiet = (iteration: number): EntryBody[] => [
  planned(iteration, "forward", { quiet: ["T"] }),
  committed(iteration),
];
const files = (reason: string): Left => ({
  part: "files",
  lake: "https://a.blob.core.windows.net/c/f",
  reason,
});
const tags = (...tables: string[]): Left => ({ part: "tags", tables, reason: "Denied." });

test("what a clean-up leaves is told until one leaves nothing, and grows by no iteration", () => {
  const log: EntryBody[] = [opening];
  for (let iteration = 1; iteration <= 30; iteration++)
    log.push(...quiet(iteration), cleaned(iteration, { left: [tags("T"), files(`Refused ${iteration}.`)] }));
  const state = stateOf(log);
  expect(state.toClean).toEqual([]);
  expect(warningsOf(state)).toEqual([
    { table: "T", reason: expect.stringMatching(/Tags .* table T; .*Denied\. It is tried again/) },
    { table: "", reason: expect.stringMatching(/a\.blob\.core\.windows\.net\/c\/f\/staged: Refused 30\./) },
  ]);
  const after = stateOf([...log, ...quiet(31), cleaned(31)]);
  expect(warningsOf(after)).toEqual([]);
  expect(after.left).toBeUndefined();
});

test("a run cleans up first after what nobody has, a bounded number, and else once more where something is left", () => {
  const log: EntryBody[] = [opening];
  for (let iteration = 1; iteration <= 50; iteration++) log.push(...quiet(iteration));
  expect(owedCleanUps(stateOf(log))).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  for (let iteration = 1; iteration <= 50; iteration++) log.push(cleaned(iteration));
  expect(owedCleanUps(stateOf(log))).toEqual([]);
  expect(owedCleanUps(stateOf([...log, cleaned(50, { left: [files("Refused.")] })]))).toEqual([50]);
  expect(owedCleanUps(stateOf([...log, cleaned(50, { unpublished: "Refused." })]))).toEqual([50]);
  expect(owedCleanUps(stateOf([opening]))).toEqual([]);
});

test("events that were refused wait, with the last reason, until they are published; none is of what was given up", () => {
  const log: EntryBody[] = [
    opening,
    ...quiet(1),
    cleaned(1, { unpublished: "Refused." }),
    planned(2, "forward", { quiet: ["T"] }),
    { kind: "iterationCommitted", iteration: 2, abandoned: true },
    cleaned(2, { unpublished: "Refused." }),
    ...quiet(3),
  ];
  const due = (bodies: readonly EntryBody[], iteration: number) =>
    owedEvents(stateOf(bodies), iteration).map((each) => each.iteration);
  expect(due(log, 3)).toEqual([1, 3]);
  // Of one that nobody has cleaned up after, nobody knows whether its event was published.
  expect(due(log.slice(0, 3), 1)).toEqual([1]);
  const refused = stateOf([...log, cleaned(3, { unpublished: "Refused once more." })]);
  expect(warningsOf(refused)).toEqual([
    { table: "", reason: expect.stringMatching(/events of 2 iterations \(1, 3\).*: Refused once more\. It/) },
  ]);
  const published = [...log, cleaned(3)];
  expect(warningsOf(stateOf(published))).toEqual([]);
  expect(due(published, 3)).toEqual([]);
});

test("a backfill that ends after later iterations sweeps what they left, and nothing of what is open or planned later", () => {
  const state = stateOf([
    opening,
    planned(1, "backfill", { quiet: ["T"] }),
    ...quiet(2),
    cleaned(2),
    planned(3, "forward", { tables: { T: 1 } }),
    committed(1),
  ]);
  const sweep = sweepOf(state, 0, 1);
  expect([1, 2, 3, 4].map(sweep.isOver)).toEqual([true, true, false, false]);
});

test("of tags, a sweep takes off those of its own copy, of runs no newer, and of what is over", () => {
  const state = stateOf([opening, ...quiet(1), planned(2, "forward", { tables: { T: 1 } })]);
  const sweep = sweepOf(state, 5, 1);
  const part = fc.record({
    copyId: fc.constantFrom(opening.copyId, "ffffffff"),
    run: fc.nat({ max: 9 }),
    iteration: fc.integer({ min: 1, max: 4 }),
  });
  fc.assert(
    fc.property(part, ({ copyId, run, iteration }) => {
      const isLeft = copyId === opening.copyId && run <= 5 && iteration === 1;
      expect(sweep.isLeftTag(attemptTag(copyId, run, `${iteration}.0.0`, 1))).toBe(isLeft);
      expect(sweep.isLeft(stagingTable(copyId, run, iteration, 0))).toBe(isLeft);
    }),
  );
  expect(sweep.isLeftTag("drop-by:kc-2026-01-01")).toBe(false);
});

test("a build that doesn't know what a clean-up left reads the log all the same: neither entry nor snapshot is marked", () => {
  const body = cleaned(1, { left: [files("Refused.")], unpublished: "Refused." });
  const entry = entryAt(3, 0, body);
  expect(withFormat(entry)).toEqual(entry);
  const state = stateOf([opening, ...quiet(1), body]);
  expect(snapshotWithFormat(state)).toEqual(state);
});
