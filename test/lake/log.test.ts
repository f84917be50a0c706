import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import type { Lake } from "../../lake/lake.ts";
import { appendEntry, entryPath, readState, readStateOfRun, Stale } from "../../lake/log.ts";
import type { EntryBody } from "../../model/checkpoint/entries.ts";
import { emptyState } from "../../model/checkpoint/state.ts";
import { describe, Terminal } from "../../model/errors.ts";
import { canonical, committed, copied, opening, planned } from "../model/checkpoint/sampleLog.ts";
import { files, get, put, remove, startStorage } from "./lakeForTests.ts";

let storage: Awaited<ReturnType<typeof startStorage>>;
let folder = "";
let count = 0;

beforeAll(async () => {
  storage = await startStorage();
  await storage.open("logs").container.create();
});
afterAll(() => storage.stop());
beforeEach(() => {
  folder = `logs/job ${++count}/ü%2525`;
});

/** A lake as a fresh process opens it. */
const fresh = () => storage.open(folder);

async function write(lake: Lake, bodies: readonly EntryBody[], from = 0, run = from): Promise<void> {
  for (const [i, body] of bodies.entries()) {
    await appendEntry(lake, { number: from + i, run, step: `step ${from + i}` }, body);
  }
}

const firstIteration = [
  opening,
  planned(1, "backfill", { tables: { T: 1 }, quiet: ["Q"] }),
  ...copied(1, "T"),
  committed(1),
];

/** An entry that changes little. */
const idle: EntryBody = { kind: "mirrored", changes: [], warnings: [] };

async function refusal(promise: Promise<unknown>): Promise<Terminal> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Terminal) return error;
    throw error;
  }
  throw new Error("It was not refused");
}

test("a folder without a log, and a container that doesn't exist, hold no state", async () => {
  expect(await readState(fresh())).toEqual(emptyState);
  expect(await readState(storage.open("no-such-container/x"))).toEqual(emptyState);
});

test("a fresh process reads the state that the writer has", async () => {
  const writer = fresh();
  await write(writer, firstIteration);
  const state = await readState(fresh());
  expect(state).toEqual(await readState(writer));
  expect(state.next).toBe(firstIteration.length);
  expect(state.tables.T).toMatchObject({ cursor: "cursor1", backfill: "done" });
});

test("a process that read before reads on from there", async () => {
  const [writer, reader] = [fresh(), fresh()];
  await write(writer, firstIteration.slice(0, 2));
  expect((await readState(reader)).next).toBe(2);
  await write(writer, firstIteration.slice(2), 2, 0);
  expect(await readState(reader)).toEqual(await readState(writer));
});

test("of two runs that write one number exactly one wins, and the other learns that it is stale and changed nothing", async () => {
  const [a, b] = [fresh(), fresh()];
  const results = await Promise.allSettled([
    appendEntry(a, { number: 0, run: 0, step: "open a" }, { ...opening, copyId: "aaaaaaaa" }),
    appendEntry(b, { number: 0, run: 0, step: "open b" }, { ...opening, copyId: "bbbbbbbb" }),
  ]);
  expect(results.map((result) => result.status).toSorted()).toEqual(["fulfilled", "rejected"]);
  const lost = results.findIndex((result) => result.status === "rejected");
  const loser = results[lost];
  expect(loser?.status === "rejected" && loser.reason).toBeInstanceOf(Stale);
  const state = await readState(fresh());
  expect(state.copyId).toBe(lost === 0 ? "bbbbbbbb" : "aaaaaaaa");
  expect(await files(fresh())).toEqual([entryPath(0)]);
});

test("a run that another has taken over from can write nothing more, and is told by whom", async () => {
  const [old, young] = [fresh(), fresh()];
  await write(old, [opening]);
  await write(young, [{ ...opening, instance: "copy:younger" }], 1);
  const before = await files(fresh());
  const plan = planned(1, "backfill", { tables: { T: 1 } });
  const error = await refusal(appendEntry(old, { number: 1, run: 0, step: "plan" }, plan));
  expect(error).toBeInstanceOf(Stale);
  expect(error.message).toContain("copy:younger");
  expect(await files(fresh())).toEqual(before);
  expect((await readState(fresh())).run?.id).toBe(1);
  await expect(readStateOfRun(fresh(), 0, 1)).rejects.toBeInstanceOf(Stale);
});

test("an entry delivered twice, or whose answer was lost, is found as the run's own, and the run goes on", async () => {
  const identity = { number: 0, run: 0, step: "open" };
  const first = await appendEntry(fresh(), identity, opening);
  // The answer never came: another process does the same again, with an entry that differs in its content.
  const second = fresh();
  const again = await appendEntry(second, identity, { ...opening, copyId: "ffffffff" });
  expect(again).toEqual(first);
  expect((await readState(second)).copyId).toBe("0a1b2c3d");
  await appendEntry(
    second,
    { number: 1, run: 0, step: "plan" },
    planned(1, "backfill", { tables: { T: 1 } }),
  );
  expect((await readState(fresh())).open.backfill?.iteration).toBe(1);
});

test("an entry delivered again long after others were written is found too", async () => {
  const writer = fresh();
  await write(writer, firstIteration);
  const again = await appendEntry(writer, { number: 1, run: 0, step: "step 1" }, planned(9, "backfill", {}));
  expect(again).toMatchObject({ kind: "iterationPlanned", iteration: 1 });
  expect((await readState(writer)).next).toBe(firstIteration.length);
});

test("an entry that the log's rules refuse is not written", async () => {
  const writer = fresh();
  await write(writer, firstIteration.slice(0, 2));
  const error = await refusal(
    appendEntry(writer, { number: 2, run: 0, step: "commit" }, { kind: "iterationCommitted", iteration: 1 }),
  );
  expect(error.message).toContain("before table T was promoted");
  expect(await files(fresh())).toEqual([entryPath(0), entryPath(1)]);
});

test("what a writer's content says can't change its number, run or step", async () => {
  const disguised = { ...opening, number: 7, run: 7, step: "other" };
  await appendEntry(fresh(), { number: 0, run: 0, step: "open" }, disguised);
  expect((await readState(fresh())).run).toMatchObject({ id: 0, step: "open" });
});

test.each([
  ["truncated", (text: string) => text.slice(0, -20), /not whole JSON/],
  ["garbled", (text: string) => text.replace('"iterationPlanned"', '"iterationPlonned"'), /kind/],
  ["empty", () => "", /not whole JSON/],
  ["of another number", (text: string) => text.replace('"number":1', '"number":4'), /entry 4/],
  ["of another run", (text: string) => text.replace('"run":0', '"run":3'), /run 3/],
])("an entry that is %s is refused by the name of its file", async (_, change, reason) => {
  await write(fresh(), firstIteration);
  const text = await get(fresh(), entryPath(1));
  await put(fresh(), entryPath(1), change(text));
  const error = await refusal(readState(fresh()));
  expect(error.message).toContain(`${fresh().url}/${entryPath(1)}`);
  expect(error.message).toMatch(reason);
});

/** Days of T are asked for, planned and about to be replaced. */
function ofDays(): EntryBody[] {
  const days = ["2024-05-01"];
  const [exportedOnce, stagedOnce, intent] = copied(2, "T");
  const plan = planned(2, "forward", { tables: { T: 1 } });
  if (
    plan.kind !== "iterationPlanned" ||
    intent?.kind !== "promotionIntended" ||
    !exportedOnce ||
    !stagedOnce
  )
    throw new Error("The samples are others.");
  return [
    { kind: "resyncAccepted", request: "r", tables: ["T"], days },
    { ...plan, tables: plan.tables.map((table) => ({ ...table, days, undated: 0, upTo: "cursor1" })) },
    exportedOnce,
    stagedOnce,
    { ...intent, moves: intent.moves.map((move) => ({ ...move, replace: true, days })) },
  ];
}

/** The kind that an entry's file names. */
async function kindAt(number: number): Promise<string> {
  return z.object({ kind: z.string() }).parse(JSON.parse(await get(fresh(), entryPath(number)))).kind;
}

test("what speaks of days is of a kind that a build without days refuses, and all else is as that build knows it", async () => {
  const log = [...firstIteration, ...ofDays()];
  const writer = fresh();
  await write(writer, log);
  const kinds = await Promise.all(log.map((_, number) => kindAt(number)));
  const marked = ["resyncAccepted@2", "iterationPlanned@2", "progress", "progress", "promotionIntended@2"];
  expect(kinds).toEqual([...firstIteration.map(({ kind }) => kind), ...marked]);
  const state = await readState(fresh());
  expect(state).toEqual(await readState(writer));
  expect(state.open.forward?.intended[0]?.days).toEqual(["2024-05-01"]);
  // A log from before there were formats: the same without marks.
  for (const [number, kind] of kinds.entries()) {
    const text = await get(fresh(), entryPath(number));
    await put(fresh(), entryPath(number), text.replace(`"${kind}"`, `"${kind.replace("@2", "")}"`));
  }
  expect(await readState(fresh())).toEqual(state);
});

test("a snapshot in which days are asked for or open is none to a build without days; any other is as that build knows it", async () => {
  const parts = firstIteration.length;
  const filler = Array.from({ length: 63 - parts }, () => idle);
  const snapshot = async (): Promise<object> =>
    z.looseObject({}).parse(JSON.parse(await get(fresh(), "log/snapshot.json")));
  const asked = ofDays().slice(0, 1);
  await write(fresh(), [...firstIteration, ...filler, ...asked]);
  expect(await snapshot()).toMatchObject({ format: 2, state: { next: 64 } });
  expect(Object.keys(await snapshot())).toEqual(["format", "state"]);
  const state = await readState(fresh());
  expect(state.tables.T?.days?.asked).toEqual(["2024-05-01"]);
  // Read from the snapshot alone, as far as it goes.
  await remove(fresh(), entryPath(5));
  expect(await readState(fresh())).toEqual(state);
  const done: EntryBody[] = [{ kind: "resyncAccepted", request: "whole", tables: ["T"] }];
  await write(fresh(), [...done, ...Array.from({ length: 63 }, () => idle)], 64, 0);
  expect(await snapshot()).toMatchObject({ next: 128, tables: { T: { resync: true } } });
});

test("why days were refused is told from a snapshot too, and keeps no build without days from reading it", async () => {
  const parts = firstIteration.length;
  const about = (table: string) => ({ table, reason: `It is of ${table}.` });
  const mirrored: EntryBody = { kind: "mirrored", changes: [], warnings: [about("M")] };
  const refused = planned(2, "forward", { quiet: ["T", "Q"], refusedDays: [about("T")] });
  const log = [...firstIteration, mirrored, ...ofDays().slice(0, 1), refused, committed(2)];
  await write(fresh(), [...log, ...Array.from({ length: 64 - log.length }, () => idle)]);
  const state = await readState(fresh());
  expect(state.warnings).toEqual([{ about: "days", ...about("T") }]);
  // Read from the snapshot alone, as far as it goes.
  await remove(fresh(), entryPath(parts));
  expect(await readState(fresh())).toEqual(state);
  const ofOlderBuild = z.object({
    next: z.literal(64),
    warnings: z.array(z.object({ about: z.enum(["updatePolicy", "mirror"]) })),
    tables: z.object({ T: z.object({ cursor: z.string() }) }),
  });
  const seen = ofOlderBuild.safeParse(JSON.parse(await get(fresh(), "log/snapshot.json")));
  expect(seen.error).toBeUndefined();
});

test.each([
  [entryPath(1), (text: string) => text.replace('"iterationPlanned"', '"iterationPlanned@3"')],
  [entryPath(1), (text: string) => text.replace('"iterationPlanned"', '"somethingNew@3"')],
  ["log/snapshot.json", () => JSON.stringify({ format: 3, state: {} })],
])(
  "%s of a newer version is refused by its name, and says that a newer version is needed",
  async (path, change) => {
    await write(fresh(), firstIteration);
    await put(fresh(), path, change(path === entryPath(1) ? await get(fresh(), path) : ""));
    const error = await refusal(readState(fresh()));
    expect(error.message).toContain(`${fresh().url}/${path} has format 3`);
    expect(describe(error)).toMatch(/newer version.*Run the version that wrote it/s);
  },
);

test.each([0, 1, 3])(
  "a missing entry %i is refused by the name of its file, not read as the log's end",
  async (n) => {
    await write(fresh(), firstIteration);
    await remove(fresh(), entryPath(n));
    const error = await refusal(readState(fresh()));
    expect(error.message).toContain(entryPath(n));
  },
);

test("a run doesn't open into a gap that came after the process read", async () => {
  const reader = fresh();
  await write(fresh(), firstIteration.slice(0, 2));
  expect((await readState(reader)).next).toBe(2);
  await write(fresh(), firstIteration.slice(2), 2, 0);
  await remove(fresh(), entryPath(2));
  const error = await refusal(appendEntry(reader, { number: 2, run: 2, step: "open" }, opening));
  expect(error.message).toContain(entryPath(2));
  expect(await files(fresh())).not.toContain(entryPath(2));
});

test("a run doesn't open over a log whose end is lost", async () => {
  const reader = fresh();
  await write(fresh(), firstIteration);
  const { next } = await readState(reader);
  await remove(fresh(), entryPath(next - 1));
  const error = await refusal(appendEntry(reader, { number: next, run: next, step: "open" }, opening));
  expect(error.message).toContain(entryPath(next - 1));
});

test("an entry is never written beyond the log's end", async () => {
  await write(fresh(), firstIteration.slice(0, 2));
  const error = await refusal(
    appendEntry(fresh(), { number: 5, run: 0, step: "late" }, { kind: "failed", reason: "x" }),
  );
  expect(error.message).toContain(entryPath(2));
  expect(await files(fresh())).toEqual([entryPath(0), entryPath(1)]);
});

test("a run whose own entries are gone is told so, and doesn't act on an older state", async () => {
  await write(fresh(), firstIteration.slice(0, 2));
  const error = await refusal(readStateOfRun(fresh(), 0, 4));
  expect(error).not.toBeInstanceOf(Stale);
  expect(error.message).toContain(entryPath(2));
});

/** A log of 67 entries: openings, each of which ends the run before. */
async function longLog(lake: Lake): Promise<void> {
  for (let number = 0; number < 67; number++) {
    const body =
      number === 1 ? planned(1, "backfill", { tables: { constructor: 1 }, quiet: ["__proto__"] }) : opening;
    await appendEntry(lake, { number, run: number === 1 ? 0 : number, step: `step ${number}` }, body);
  }
}

test("a snapshot each 64 entries shortens reading, a stale one is fine, and without it the same state is read", async () => {
  const writer = fresh();
  await longLog(writer);
  expect(await files(fresh())).toContain("log/snapshot.json");
  const state = await readState(writer);
  expect(state.next).toBe(67);

  // The snapshot stands for the entries before it: the state is read though one of them can't be any more.
  const first = await get(fresh(), entryPath(0));
  await put(fresh(), entryPath(0), "garbled");
  expect(canonical(await readState(fresh()))).toBe(canonical(state));
  expect(Object.keys((await readState(fresh())).tables).toSorted()).toEqual(["__proto__", "constructor"]);
  await put(fresh(), entryPath(0), first);

  await remove(fresh(), "log/snapshot.json");
  expect(canonical(await readState(fresh()))).toBe(canonical(state));
});

test("a garbled snapshot is refused by name, and what to do is said", async () => {
  await longLog(fresh());
  await put(fresh(), "log/snapshot.json", "{}");
  const garbled = await refusal(readState(fresh()));
  expect(garbled.message).toContain("log/snapshot.json");
  expect(garbled.advice).toMatch(/Delete the file/);
});

test("files that are no entries don't disturb the log", async () => {
  await write(fresh(), firstIteration);
  await put(fresh(), "log/notes.txt", "mine");
  await put(fresh(), `log/kept/${"9".repeat(20)}.json`, "mine");
  expect((await readState(fresh())).next).toBe(firstIteration.length);
});
