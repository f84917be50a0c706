import fc from "fast-check";
import { expect, it } from "vitest";
import { candidate, isOfLane, type Planning } from "../../../activities/plan/candidates.ts";
import { horizonOf, isoHorizon } from "../../../activities/plan/horizon.ts";
import {
  type EntryBody,
  FOLLOWED,
  type Lane,
  type PlannedTable,
  type WindowRange,
  windowId,
} from "../../../model/checkpoint/entries.ts";
import { fold } from "../../../model/checkpoint/fold.ts";
import { emptyState, type State } from "../../../model/checkpoint/state.ts";
import { expectedOf } from "../../../model/expected.ts";
import { planWindows } from "../../../model/planWindows.ts";
import { ticksFromIso } from "../../../model/ticks.ts";
import {
  committed,
  entryAt,
  exported,
  intended,
  moment,
  opening,
  parked,
  promoted,
  sampleJob,
  staged,
} from "../../model/checkpoint/sampleLog.ts";

/*
 * One table of a source that deletes nothing: rows come, its ingestion-time policy is switched on and off, iterations of both
 * lanes are planned and end in any order, and resynchronisations are asked for.
 */

/** A row's moment of ingestion, in minutes; null where the table had no policy then. */
interface Row {
  readonly id: number;
  readonly at: number | null;
}

interface World {
  readonly state: State;
  readonly now: number;
  readonly timed: boolean;
  readonly source: readonly Row[];
  readonly destination: readonly Row[];
}

interface Begun {
  readonly mode: "backfill-and-new" | "new";
  readonly horizon: boolean;
}

const STEPS = [
  "load",
  "switch",
  "resync",
  "plan forward",
  "plan backfill",
  "end forward",
  "end forward in part",
  "end forward in vain",
  "end backfill",
  "end backfill in part",
  "end backfill in vain",
] as const;
type Step = (typeof STEPS)[number];

/** Most often something happens at the source, and an iteration follows it. */
const happenings = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...STEPS).map((step): readonly Step[] => [step]) },
  {
    weight: 3,
    arbitrary: fc
      .subarray(["load", "switch", "load", "resync"] as const)
      .map((steps): readonly Step[] => [...steps, "plan forward", "end forward"]),
  },
);

/** The horizon lies after the first two loads. */
const HORIZON = moment(25);
const TABLE = { name: "T", columns: [], folder: "", docstring: "" };
const nothing = { upTo: "", parked: [], refused: [] };

const cursorOf = (minute: number) => String(minute).padStart(6, "0");

/** The rows of the source that a window holds, read as it stands now. */
function rowsOf(
  rows: readonly Row[],
  part: { after?: string | undefined; upTo: string; range: Omit<WindowRange, "rows"> },
) {
  const { kind, from, to } = part.range;
  return rows.filter(({ at }) => {
    if (kind === "whole") return true;
    if (at === null) return kind === "untimed";
    const ticks = ticksFromIso(moment(at));
    return (
      kind === "time" &&
      cursorOf(at) > (part.after ?? "") &&
      cursorOf(at) <= part.upTo &&
      (from === undefined || ticks >= ticksFromIso(from)) &&
      (to === undefined || ticks < ticksFromIso(to))
    );
  });
}

function logged(world: World, body: EntryBody): World {
  const { state } = world;
  const run = body.kind === "runOpened" ? state.next : (state.run?.id ?? 0);
  return { ...world, state: fold(state, entryAt(state.next, run, body)) };
}

/** What `planTables` plans of the table (activities/plan/planIteration.ts), a window for each load. */
function plannedTable(world: World, lane: Lane, begun: Begun): PlannedTable | "quiet" | undefined {
  const job = { ...sampleJob, mode: begun.mode, backfillHorizon: begun.horizon ? HORIZON : null };
  const planning: Planning = { job, state: world.state, lane, timed: new Set(world.timed ? ["T"] : []) };
  if (!isOfLane("T", planning)) return undefined;
  const noted = lane === "backfill" && begun.mode === "new";
  const each = candidate(TABLE, planning, cursorOf(world.now));
  const { after, upTo, resync } = each;
  const base = {
    name: "T",
    folder: "",
    docstring: "",
    columns: [],
    format: "csv" as const,
    ...(after === undefined ? {} : { after }),
    upTo,
    ...(resync ? { resync } : {}),
  };
  const known = world.state.tables.T;
  if (each.snapshot) {
    const signature = `digest ${world.source.map(({ id }) => id).join()}`;
    if (known?.signature === signature && !resync) return "quiet";
    const windows: WindowRange[] = noted && !resync ? [] : [{ kind: "whole", rows: world.source.length }];
    return { ...base, signature, windows };
  }
  if (each.owed) return { ...base, windows: [...each.owed] };
  const horizon = horizonOf(each, job, world.state);
  const from = horizon === null ? {} : { from: isoHorizon(horizon) };
  const range = (kind: "time" | "untimed") =>
    rowsOf(world.source, {
      ...(after === undefined ? {} : { after }),
      upTo,
      range: { kind, ...(kind === "time" ? from : {}) },
    });
  const bins = range("time").map(({ at }) => ({ start: ticksFromIso(moment(at ?? 0)), rows: 1 }));
  const timed = noted && !resync ? [] : planWindows(bins, 1);
  const first = timed[0] ?? (each.replaces ? { kind: "time" as const, rows: 0 } : undefined);
  if (first) timed[0] = { ...first, ...from };
  const untimed =
    after === undefined && horizon === null && !(noted && !resync) ? range("untimed").length : 0;
  const windows: WindowRange[] = [
    ...(untimed > 0 ? [{ kind: "untimed" as const, rows: untimed }] : []),
    ...timed,
  ];
  if (windows.length === 0 && known !== undefined && lane === "forward") return "quiet";
  return { ...base, ...(each.replaces ? { signature: FOLLOWED } : {}), windows };
}

function plan(world: World, lane: Lane, begun: Begun): World {
  if (world.state.open[lane] || (lane === "forward" && world.state.lastIteration === 0)) return world;
  const table = plannedTable(world, lane, begun);
  if (table === undefined && lane === "backfill") return world;
  return logged(world, {
    kind: "iterationPlanned",
    iteration: world.state.lastIteration + 1,
    lane,
    ...nothing,
    upTo: cursorOf(world.now),
    readAt: moment(world.now),
    tables: table === undefined || table === "quiet" ? [] : [table],
    quiet: table === "quiet" ? ["T"] : [],
  });
}

/** Ends an open iteration: with all of its windows, with the first alone, or with none. */
function end(world: World, lane: Lane, how: "whole" | "in part" | "in vain"): World {
  const open = world.state.open[lane];
  if (!open) return world;
  const { iteration } = open;
  const table = open.tables[0];
  if (!table) return logged(world, committed(iteration));
  const replaces = table.signature !== undefined;
  const all = table.windows.map((_, w) => windowId(iteration, 0, w));
  const shown = how === "whole" ? all : how === "in part" && !replaces ? all.slice(0, 1) : [];
  const rows = table.windows
    .filter((_, w) => shown.includes(windowId(iteration, 0, w)))
    .flatMap((range) => rowsOf(world.source, { ...table, range }));
  const kept = replaces && shown.length > 0 ? [] : world.destination;
  const moved = shown.length === 0 ? [] : [exported, staged].map((made) => made(iteration, shown));
  const bodies = [
    ...moved,
    ...(shown.length === 0 ? [] : [intended(iteration, "T", shown), promoted(iteration, shown)]),
    ...(how === "whole" ? [] : [parked(iteration, "T")]),
    committed(iteration),
  ];
  return bodies.reduce(logged, { ...world, destination: [...kept, ...rows] });
}

function stepped(world: World, step: Step, begun: Begun): World {
  switch (step) {
    case "load": {
      const row = { id: world.source.length, at: world.timed ? world.now : null };
      return { ...world, source: [...world.source, row] };
    }
    case "switch": {
      // Switched on before an iteration has copied the table whole, rows of meanwhile are not seen (README, limitations).
      const { signature } = world.state.tables.T ?? {};
      const unseen = world.state.lastIteration > 0 && (signature === undefined || signature === FOLLOWED);
      return !world.timed && unseen ? world : { ...world, timed: !world.timed };
    }
    case "resync":
      return logged(world, { kind: "resyncAccepted", request: `at ${world.now}`, tables: ["T"] });
    case "plan forward":
      return plan(world, "forward", begun);
    case "plan backfill":
      return plan(world, "backfill", begun);
    default: {
      const lane = step.includes("forward") ? "forward" : "backfill";
      const how = step.endsWith("in part") ? "in part" : step.endsWith("in vain") ? "in vain" : "whole";
      return end(world, lane, how);
    }
  }
}

const ids = (rows: readonly Row[]) => rows.map(({ id }) => id).toSorted((a, b) => a - b);

/** What the log says that the destination holds; undefined where only a comparison with the source as it was would tell. */
function expectedIds({ state, source, timed }: World): number[] | undefined {
  const expected = expectedOf("T", state);
  if (!timed || expected.kind !== "rows" || expected.signature !== undefined) return undefined;
  const out = expected.parts.filter(({ sign }) => sign < 0).flatMap((part) => ids(rowsOf(source, part)));
  const all = expected.parts.filter(({ sign }) => sign > 0).flatMap((part) => ids(rowsOf(source, part)));
  for (const id of out) all.splice(all.indexOf(id), 1);
  return all.toSorted((a, b) => a - b);
}

it("no iteration takes a row away that the source holds, or brings one twice, whatever befell the table's policy before", () => {
  const begins = fc.record({
    mode: fc.constantFrom("backfill-and-new" as const, "new" as const),
    horizon: fc.boolean(),
  });
  fc.assert(
    fc.property(begins, fc.boolean(), fc.array(happenings, { maxLength: 20 }), (begun, timed, happened) => {
      const job = { ...sampleJob, mode: begun.mode, backfillHorizon: begun.horizon ? HORIZON : null };
      const empty: World = { state: emptyState, now: 0, timed, source: [], destination: [] };
      let world = logged(empty, { ...opening, job });
      // Much happens at first: a table that holds rows, and whose history is copied or noted.
      const all: readonly Step[] = ["load", "load", "load", "plan backfill", ...happened.flat()];
      for (const step of all) {
        const before = world;
        world = stepped({ ...before, now: before.now + 10 }, step, begun);
        const held = ids(world.destination);
        expect(new Set(held).size).toBe(held.length);
        expect(held).toEqual(expect.arrayContaining(ids(before.destination)));
        const expected = expectedIds(world);
        if (expected !== undefined) expect(held).toEqual(expected);
      }
    }),
    {
      numRuns: 1000,
      examples: [
        // Its history is copied whole while an iteration brings, by its cursor, what came since.
        [
          { mode: "backfill-and-new", horizon: false },
          true,
          [
            ["end backfill in vain", "load", "plan forward", "switch"],
            ["plan backfill", "end backfill", "end forward"],
          ],
        ],
        [
          { mode: "backfill-and-new", horizon: true },
          false,
          [
            ["end backfill", "switch", "plan forward", "end forward", "load", "plan forward", "end forward"],
            ["resync", "plan forward", "end forward"],
          ],
        ],
        [
          { mode: "new", horizon: false },
          false,
          [
            ["end backfill", "switch", "load", "plan forward", "end forward"],
            ["resync", "plan forward", "end forward"],
          ],
        ],
      ],
    },
  );
});
