import fc from "fast-check";
import { expect, test } from "vitest";
import {
  afterFailure,
  type Flight,
  type FlightStage,
  pickFlights,
  type SlotCounts,
  windowsWanted,
} from "../../model/schedule.ts";

const NOW = Date.parse("2026-01-01T00:00:00.000Z");
const LIMITS = { maxAttempts: 5, pollMs: 2000 };
const at = (ms: number) => new Date(NOW + ms).toISOString();

const stages: FlightStage[] = [
  "toExport",
  "exporting",
  "toMeasure",
  "toIngest",
  "ingesting",
  "toVerify",
  "toAdopt",
];
const flight = fc.record({
  stage: fc.constantFrom(...stages),
  lane: fc.constantFrom("forward" as const, "backfill" as const),
  attempt: fc.integer({ min: 1, max: 6 }),
  tries: fc.nat({ max: 40 }),
  notBefore: fc.option(fc.integer({ min: -5000, max: 5000 }).map(at), { nil: undefined }),
});
const inFlight = (
  { notBefore, ...each }: typeof flight extends fc.Arbitrary<infer T> ? T : never,
  i: number,
): Flight => ({
  ...each,
  window: `1.0.${i}`,
  table: "T",
  iteration: 1,
  ...(notBefore === undefined ? {} : { notBefore }),
});
const flights = fc.array(flight, { maxLength: 40 }).map((list) => list.map(inFlight));
const slots = fc.record({
  export: fc.nat({ max: 8 }),
  ingestion: fc.nat({ max: 8 }),
  query: fc.nat({ max: 8 }),
});

const KINDS = [
  { kind: "query", waiting: ["toMeasure", "toVerify", "toAdopt"], running: [] },
  { kind: "ingestion", waiting: ["toIngest"], running: ["ingesting"] },
  { kind: "export", waiting: ["toExport"], running: ["exporting"] },
] as const;
const among = (list: readonly string[], each: Flight) => list.includes(each.stage);

test("a round never takes more than the free slots, and leaves none free that a ready window waits for", () => {
  fc.assert(
    fc.property(flights, slots, (all, free) => {
      const picked = pickFlights(all, free, at(0));
      expect(new Set(picked).size).toBe(picked.length);
      for (const { kind, waiting, running } of KINDS) {
        const busy = all.filter((each) => among(running, each)).length;
        const ready = all.filter((each) => among(waiting, each) && (each.notBefore ?? "") <= at(0)).length;
        const taken = picked.filter((each) => among(waiting, each)).length;
        expect(taken).toBe(Math.min(ready, Math.max(0, free[kind] - busy)));
      }
    }),
  );
});

test("new data goes first, older windows first within a lane, and none before its backoff is over", () => {
  fc.assert(
    fc.property(flights, slots, (all, free) => {
      const picked = pickFlights(all, free, at(0));
      for (const each of picked) expect((each.notBefore ?? "") <= at(0)).toBe(true);
      for (const { waiting } of KINDS) {
        const own = picked.filter((each) => among(waiting, each));
        const rank = (each: Flight) => (each.lane === "forward" ? 0 : 1000) + all.indexOf(each);
        expect(own.map(rank)).toEqual(own.map(rank).toSorted((a, b) => a - b));
        const left = all.filter(
          (each) => among(waiting, each) && !picked.includes(each) && (each.notBefore ?? "") <= at(0),
        );
        for (const one of own) for (const other of left) expect(rank(one)).toBeLessThan(rank(other));
      }
    }),
  );
});

test("as many windows are taken from the plan as slots could use, and no more: the carried state stays small", () => {
  fc.assert(
    fc.property(flights, slots, (all, free) => {
      const waiting = all.filter((each) => !among(["exporting", "ingesting"], each));
      const wanted = windowsWanted(all, free);
      expect(wanted).toBeGreaterThanOrEqual(0);
      expect(waiting.length + wanted).toBe(Math.max(waiting.length, most(free)));
    }),
  );
});

/** The most windows that wait, where none came back from what ran. */
const most = (free: SlotCounts) => Math.max(free.export + free.ingestion, free.query);

const NEXT: Readonly<Partial<Record<FlightStage, FlightStage>>> = {
  toExport: "exporting",
  exporting: "toMeasure",
  toMeasure: "toIngest",
  toIngest: "ingesting",
  ingesting: "toVerify",
  toAdopt: "toVerify",
};

/** Rounds of a run over a plan of which windows are staged by an earlier run: what it carries, and what it begins in each. */
function rounds(plan: readonly FlightStage[], free: SlotCounts) {
  const moved = (each: Flight): Flight[] => {
    const stage = NEXT[each.stage];
    return stage === undefined ? [] : [{ ...each, stage }];
  };
  const told: { carried: number; left: number; begun: Record<string, number> }[] = [];
  let carried: Flight[] = [];
  let position = 0;
  while (position < plan.length || carried.length > 0) {
    const taken = plan.slice(position, position + windowsWanted(carried, free));
    const added = taken.map((stage, i): Flight => {
      const window = `1.0.${position + i}`;
      return { window, table: "T", iteration: 1, lane: "backfill", attempt: 1, stage };
    });
    position += taken.length;
    const seen = [...carried, ...added].flatMap((each) =>
      among(["exporting", "ingesting"], each) ? moved(each) : [each],
    );
    const picked = new Set(pickFlights(seen, free, at(0)));
    carried = seen.flatMap((each) => (picked.has(each) ? moved(each) : [each]));
    const begun = Object.fromEntries(
      KINDS.map(({ kind, waiting }) => [kind, [...picked].filter((each) => among(waiting, each)).length]),
    );
    told.push({ carried: carried.length, left: plan.length - position, begun });
  }
  return told;
}

const someSlots = fc.record({
  export: fc.integer({ min: 1, max: 8 }),
  ingestion: fc.integer({ min: 1, max: 8 }),
  query: fc.integer({ min: 1, max: 20 }),
});

test("however long its plan, whatever it waits for and whatever an earlier run had staged, a run carries few windows", () => {
  fc.assert(
    fc.property(someSlots, fc.nat({ max: 300 }), fc.nat({ max: 300 }), (free, staged, planned) => {
      const plan = [...repeated("toAdopt", staged), ...repeated("toExport", planned)];
      for (const { carried } of rounds(plan, free))
        expect(carried).toBeLessThanOrEqual(most(free) + 2 * (free.export + free.ingestion));
    }),
  );
});

test("while windows are left in the plan no slot that they need is free: queries after a takeover, else what is the slowest", () => {
  fc.assert(
    fc.property(someSlots, (free) => {
      for (const { left, begun } of rounds(repeated("toAdopt", 200), free))
        if (left > 0) expect(begun.query).toBe(free.query);
      const perWindow = { export: 1, ingestion: 1, query: 2 };
      const slowest = Math.min(free.export, free.ingestion, Math.floor(free.query / perWindow.query));
      const all = rounds(repeated("toExport", 200), free);
      // A window takes six rounds by itself, and then as many end in a round as the slowest of its steps lets through.
      expect(all.length).toBeLessThanOrEqual(6 + Math.ceil(200 / Math.max(0.5, slowest)) + 6);
    }),
  );
});

const repeated = (stage: FlightStage, times: number) => Array.from({ length: times }, () => stage);

test("new data is taken from its plan whatever history waits", () => {
  fc.assert(
    fc.property(flights, slots, (all, free) => {
      const history = all.map((each): Flight => ({ ...each, lane: "backfill" }));
      expect(windowsWanted(history, free, "forward")).toBe(most(free));
      expect(windowsWanted(all, free, "backfill")).toBe(windowsWanted(all, free));
    }),
  );
});

const one = flight.map((each) => inFlight(each, 0));

test("a failure that stays parks the table", () => {
  fc.assert(
    fc.property(one, (each) => {
      expect(afterFailure(each, "terminal", LIMITS, NOW)).toEqual({ kind: "park" });
    }),
  );
});

test("a step that was refused is tried again as it is, later, and not for ever", () => {
  fc.assert(
    fc.property(one, (each) => {
      let now: Flight = { ...each, attempt: 1, tries: 0 };
      let times = 0;
      while (times < 100) {
        const after = afterFailure(now, "refused", LIMITS, NOW);
        if (after.kind !== "again") break;
        expect(after.flight).toMatchObject({ stage: each.stage, attempt: 1, window: now.window });
        now = after.flight;
        times++;
      }
      expect(times).toBe(30);
      expect(afterFailure(now, "refused", LIMITS, NOW)).toMatchObject({ kind: "reset", attempt: 1 });
    }),
  );
});

test("a failed attempt starts over as the next one, with nothing of the old, until the last parks the table", () => {
  fc.assert(
    fc.property(one, fc.integer({ min: 1, max: 6 }), (each, maxAttempts) => {
      const old: Flight = { ...each, operation: "op", folder: "f", rows: 1, extents: ["e"], since: at(0) };
      const after = afterFailure(old, "wrong", { ...LIMITS, maxAttempts }, NOW);
      if (each.attempt >= maxAttempts) expect(after).toEqual({ kind: "park" });
      else {
        expect(after).toEqual({
          kind: "reset",
          attempt: each.attempt,
          flight: {
            window: each.window,
            table: "T",
            iteration: 1,
            lane: each.lane,
            attempt: each.attempt + 1,
            stage: "toExport",
            notBefore: expect.any(String),
          },
        });
      }
    }),
  );
});

test("waiting doubles up to a minute, is the same when replayed, differs between windows, and follows the pace", () => {
  const waits = (window: string, pollMs = 2000) =>
    Array.from({ length: 12 }, (_, tries) => {
      const again = afterFailure(
        { window, table: "T", iteration: 1, lane: "forward", attempt: 1, stage: "toExport", tries },
        "refused",
        { ...LIMITS, pollMs },
        NOW,
      );
      return again.kind === "again" ? Date.parse(again.flight.notBefore ?? "") - NOW : -1;
    });
  waits("1.0.0").forEach((wait, i) => {
    const full = Math.min(60_000, 1000 * 2 ** i);
    expect(wait).toBeGreaterThanOrEqual(full / 2);
    expect(wait).toBeLessThanOrEqual(full);
  });
  expect(waits("1.0.0")).toEqual(waits("1.0.0"));
  expect(waits("1.0.0", 20)[8]).toBeLessThanOrEqual(12_000);
  const spread = new Set(Array.from({ length: 50 }, (_, i) => waits(`1.0.${i}`)[8]));
  expect(spread.size).toBeGreaterThan(40);
});
