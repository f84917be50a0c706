import fc from "fast-check";
import { expect, test } from "vitest";
import { fold } from "../../../model/checkpoint/fold.ts";
import { stateSchema } from "../../../model/checkpoint/state.ts";
import { anyLog, NAMES } from "./resyncLogs.ts";
import { canonical, entryAt } from "./sampleLog.ts";

const upTo = (cursor: string) => Array.from({ length: Number(cursor) }, (_, i) => i + 1);
const sorted = (rows: readonly number[]) => rows.toSorted((a, b) => a - b);

test("the logs that are tried here resynchronise days and tables, in vain too, and are asked for more meanwhile", () => {
  const all = fc.sample(anyLog, { numRuns: 100, seed: 1 }).flat();
  const plans = all.flatMap(({ body }) => (body.kind === "iterationPlanned" ? body.tables : []));
  expect(plans.filter((table) => table.days !== undefined).length).toBeGreaterThan(50);
  expect(plans.filter((table) => table.resync === true).length).toBeGreaterThan(50);
  expect(all.filter(({ after }) => after.tables.T?.days?.waits === true).length).toBeGreaterThan(20);
  expect(all.filter(({ after }) => after.tables.T?.owed !== undefined).length).toBeGreaterThan(20);
});

test("no row is ever held twice, whichever days are resynchronised, and when", () => {
  fc.assert(
    fc.property(anyLog, (steps) => {
      for (const { held } of steps)
        for (const rows of held.values()) expect(new Set(rows).size).toBe(rows.length);
    }),
  );
});

test("a table whose history is in, and of which nothing is owed, open or stopped, holds each row up to its cursor and no other", () => {
  fc.assert(
    fc.property(anyLog, (steps) => {
      for (const { after, held } of steps) {
        for (const name of NAMES) {
          const known = after.tables[name];
          const open = [after.open.forward, after.open.backfill].some((each) =>
            each?.tables.some((table) => table.name === name),
          );
          if (!known || open || known.owed || known.stopped || known.resync) continue;
          if (known.backfill !== "done") continue;
          expect(sorted(held.get(name) ?? [])).toEqual(upTo(known.cursor));
        }
      }
    }),
  );
});

test("the destination counts as of a moment only once each table that isn't parked is brought up to it", () => {
  fc.assert(
    fc.property(anyLog, (steps) => {
      for (const { before, after } of steps) {
        const { forward } = before.open;
        if (after.lastForward === before.lastForward || !forward) continue;
        expect(after.lastForward?.upTo).toBe(forward.upTo);
        for (const { name, days } of forward.tables) {
          if (days === undefined && (name in forward.parked || name in forward.stopped)) continue;
          expect(Number(after.tables[name]?.cursor)).toBeGreaterThanOrEqual(Number(forward.upTo));
        }
      }
    }),
  );
});

test("days move no cursor, and what was asked for is asked for until an iteration planned after it commits it", () => {
  fc.assert(
    fc.property(anyLog, (steps) => {
      const asked = new Map<string, Set<string>>(NAMES.map((name) => [name, new Set()]));
      for (const { before, body, after } of steps) {
        if (body.kind === "resyncAccepted" && body.days !== undefined) {
          for (const name of body.tables.filter((each) => before.tables[each]?.stopped === undefined))
            if (before.tables[name] && before.tables[name]?.resync !== true)
              for (const day of body.days) asked.get(name)?.add(`${day} ${after.next}`);
        }
        if (body.kind === "resyncAccepted" && body.days === undefined)
          for (const name of body.tables) asked.get(name)?.clear();
        if (body.kind === "iterationCommitted") {
          const opens = [before.open.forward, before.open.backfill];
          const open = opens.find((each) => each?.iteration === body.iteration);
          for (const { name, days } of open?.tables ?? []) {
            if (days === undefined) continue;
            expect(after.tables[name]?.cursor).toBe(before.tables[name]?.cursor);
            if (name in (open?.parked ?? {})) continue;
            const plannedAt = steps.find(
              (step) => step.body.kind === "iterationPlanned" && step.body.iteration === body.iteration,
            )?.after.next;
            for (const each of [...(asked.get(name) ?? [])]) {
              const [day = "", at] = each.split(" ");
              if (days.includes(day) && Number(at) < Number(plannedAt)) asked.get(name)?.delete(each);
            }
          }
        }
        for (const name of NAMES) {
          const known = after.tables[name];
          // A stop, and what makes it good, take the days with them.
          if (known?.stopped !== undefined || known?.resync === true) {
            asked.get(name)?.clear();
            continue;
          }
          const open = [after.open.forward, after.open.backfill].flatMap((each) => each?.tables ?? []);
          const still = [
            ...(known?.days?.asked ?? []),
            ...open.filter((table) => table.name === name).flatMap((table) => table.days ?? []),
          ];
          for (const each of asked.get(name) ?? []) expect(still).toContain(each.split(" ")[0]);
        }
      }
    }),
  );
});

test("a snapshot of a state in which days are asked for folds on alike", () => {
  fc.assert(
    fc.property(anyLog, (steps) => {
      for (const { before, body, after } of steps) {
        const read = stateSchema.parse(JSON.parse(JSON.stringify(before)));
        const run = body.kind === "runOpened" ? before.next : (before.run?.id ?? 0);
        expect(canonical(fold(read, entryAt(before.next, run, body)))).toBe(canonical(after));
      }
    }),
    { numRuns: 20 },
  );
});
