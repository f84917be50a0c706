import fc from "fast-check";
import { expect, test } from "vitest";
import type { EntryBody } from "../../model/checkpoint/entries.ts";
import { fold } from "../../model/checkpoint/fold.ts";
import { emptyState } from "../../model/checkpoint/state.ts";
import { isDue } from "../../model/due.ts";
import { lagSeconds } from "../../model/lag.ts";
import {
  committed,
  copied,
  entryAt,
  moment,
  opening,
  parked,
  planned,
  sampleJob,
  stateOf,
} from "./checkpoint/sampleLog.ts";

const MINUTE = 60_000;
const RPO = 5 * MINUTE;
const ms = (minute: number) => Date.parse(moment(minute));

/** An idle job: a backfill, then a forward iteration of that duration, whose cursor was read at minute 0. */
function idle(durationMs: number) {
  const history = stateOf([
    opening,
    planned(1, "backfill", { quiet: ["T"] }),
    committed(1),
    planned(2, "forward", { quiet: ["T"], readAt: moment(0) }),
  ]);
  const last = entryAt(history.next, 0, committed(2));
  return fold(history, { ...last, at: new Date(ms(0) + durationMs).toISOString() });
}

test("a job that never ran is due", () => expect(isDue(emptyState, RPO, ms(0), ms(1))).toBe(true));

test("an idle job is due when waiting for the next tick would let lag pass the RPO, and not before", () => {
  const state = idle(0);
  const due = [1, 2, 3, 4, 5, 6].map((minute) => isDue(state, RPO, ms(minute), ms(minute + 1)));
  expect(due).toEqual([false, false, false, false, true, true]);
});

test("the usual duration of an iteration is reckoned with", () => {
  const state = idle(2 * MINUTE);
  const due = [1, 2, 3, 4].map((minute) => isDue(state, RPO, ms(minute), ms(minute + 1)));
  expect(due).toEqual([false, false, true, true]);
});

test("a job whose iterations take longer than its RPO is due at once", () => {
  expect(isDue(idle(10 * MINUTE), RPO, ms(10), ms(11))).toBe(true);
});

test("by any tick, RPO and duration: started when due, lag stays within the RPO wherever it can", () => {
  const minutes = fc.integer({ min: 0, max: 60 });
  fc.assert(
    fc.property(minutes, fc.integer({ min: 1, max: 20 }), minutes, minutes, (duration, tick, rpo, at) => {
      const state = idle(duration * MINUTE);
      const wait = ms(at + tick) + duration * MINUTE - ms(0);
      expect(isDue(state, rpo * MINUTE, ms(at), ms(at + tick))).toBe(wait > rpo * MINUTE);
    }),
  );
});

test.each([Number.NaN, ms(-100)])("a next tick that isn't known, or past, is now", (next) => {
  expect(isDue(idle(0), RPO, ms(4), next)).toBe(false);
  expect(isDue(idle(0), RPO, ms(6), next)).toBe(true);
});

test("a job that failed waits for its RPO, also where it left an iteration open", () => {
  const bodies: EntryBody[] = [
    opening,
    planned(1, "backfill", { tables: { T: 1 } }),
    { kind: "failed", reason: "x" },
  ];
  expect(isDue(stateOf(bodies), RPO, ms(4), ms(5))).toBe(false);
  expect(isDue(stateOf(bodies), RPO, ms(5), ms(6))).toBe(true);
});

test("an iteration that was left open is taken up at the next tick", () => {
  for (const lane of ["forward", "backfill"] as const) {
    const state = stateOf([opening, planned(1, lane, { tables: { T: 1 } })]);
    expect(isDue(state, RPO, ms(2), ms(3))).toBe(true);
  }
});

test("a run that found nothing to begin with is tried again after the RPO", () => {
  expect(isDue(stateOf([opening]), RPO, ms(4), ms(5))).toBe(false);
  expect(isDue(stateOf([opening]), RPO, ms(5), ms(6))).toBe(true);
});

test("a job that copies history only opens a run each RPO and not at each tick, as nothing shortens its lag", () => {
  const backfill = { ...opening, job: { ...sampleJob, mode: "backfill" as const } };
  const bodies = [
    backfill,
    planned(1, "backfill", { quiet: ["T"] }),
    committed(1),
    ...Array.from({ length: 60 }, () => backfill),
  ];
  const state = stateOf(bodies);
  const opened = state.next - 1;
  expect(isDue(state, RPO, ms(opened + 4), ms(opened + 5))).toBe(false);
  expect(isDue(state, RPO, ms(opened + 5), ms(opened + 6))).toBe(true);
});

test("lag counts from when the last committed cursor was read, and is unknown before", () => {
  expect(lagSeconds(emptyState, new Date(ms(0)))).toBeNull();
  expect(
    lagSeconds(stateOf([opening, planned(1, "backfill", { tables: { T: 1 } })]), new Date(ms(9))),
  ).toBeNull();
  expect(lagSeconds(idle(MINUTE), new Date(ms(0) + 90_500))).toBe(90.5);
  expect(lagSeconds(idle(0), new Date(ms(-1)))).toBe(0);
});

test("lag doesn't shrink by what copies no new data: a later backfill, or one that commits after a forward iteration", () => {
  const again = [
    opening,
    planned(1, "backfill", { tables: { T: 1 }, readAt: moment(1) }),
    parked(1, "T"),
    committed(1),
    planned(2, "backfill", { tables: { T: 1 }, readAt: moment(50) }),
    ...copied(2, "T"),
    committed(2),
  ];
  expect(lagSeconds(stateOf(again), new Date(ms(61)))).toBe(3600);
  const forward = [...again, planned(3, "forward", { quiet: ["T"], readAt: moment(60) }), committed(3)];
  expect(lagSeconds(stateOf(forward), new Date(ms(61)))).toBe(60);
});

test("a table that somebody asked to resynchronise is due at once, until the log has taken it in, and not of a job that failed", () => {
  const asked = [{ id: "0123456789abcdef", tables: ["T"] }];
  const state = idle(MINUTE);
  expect(isDue(state, RPO, ms(1), ms(2))).toBe(false);
  expect(isDue(state, RPO, ms(1), ms(2), asked)).toBe(true);
  expect(isDue({ ...state, resyncs: ["0123456789abcdef"] }, RPO, ms(1), ms(2), asked)).toBe(false);
  expect(isDue({ ...state, failed: "No." }, RPO, ms(1), ms(2), asked)).toBe(false);
});
