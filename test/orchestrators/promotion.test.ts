import { describe, expect, it } from "vitest";
import { ACTIVITY } from "../../activities/contract.ts";
import type { Flight } from "../../model/schedule.ts";
import { run } from "./runFakeCopy.ts";

describe("the orchestration of a copy", () => {
  it("notes why a table is out before it fails of another one's promotion", async () => {
    const out = { table: "T0", reason: "The cluster refuses it." };
    const { bodies, journal } = await run({
      tables: 2,
      windows: 1,
      refuse: (name, count) => {
        if (name !== ACTIVITY.promoteTable) return undefined;
        if (count > 1) return { kind: "failed", retryable: false, reason: "Denied." };
        return { kind: "done", value: { windows: [], stopped: [], withdrawn: [out] } };
      },
    });
    expect(bodies.find((body) => body.kind === "promoted")).toMatchObject({ windows: [], withdrawn: [out] });
    expect(journal.at(-1)).toBe("failed");
  });
});

describe("what follows a commit", () => {
  it("fails no run, and is told in the log where it could not be done: what is left, and why the event was refused", async () => {
    const left = [{ part: "staging" as const, tables: ["S"], reason: "Denied." }];
    const { status, bodies } = await run(
      {
        tables: 1,
        windows: 1,
        refuse: (name, count) => {
          if (count > 1) return undefined;
          if (name === ACTIVITY.cleanUp) return { kind: "done", value: { left } };
          if (name === ACTIVITY.publishEvent) return { kind: "failed", retryable: false, reason: "No key." };
          return undefined;
        },
      },
      { pollMs: 1 },
    );
    expect(status.runtimeStatus).toBe("Completed");
    expect(bodies.filter((body) => body.kind === "cleaned")).toEqual([
      { kind: "cleaned", iteration: 2, left, unpublished: "No key." },
      { kind: "cleaned", iteration: 1 },
    ]);
  });
});

describe("the exports of a table that is parked", () => {
  const failing = ({ window }: Flight) => (window === "1.0.0" ? "terminal" : undefined);

  it.each([
    ["are under way since", (flight: Flight) => (flight.stage === "ingesting" ? failing(flight) : undefined)],
    ["begin as it fails", (flight: Flight) => (flight.stage === "toExport" ? failing(flight) : undefined)],
  ])("are asked to stop where they %s, and no other table's", async (_, trouble) => {
    const { status, journal, staged } = await run(
      {
        tables: 2,
        windows: 3,
        trouble,
        running: ({ window, stage }) => stage === "exporting" && /^1\.0\.[12]$/.test(window),
      },
      { mode: "backfill", pollMs: 1 },
    );
    expect(status.output).toMatchObject({ committed: expect.arrayContaining([1]) });
    expect(journal.filter((each) => each.startsWith("cancel "))).toEqual(["cancel 1.0.1", "cancel 1.0.2"]);
    expect([...staged.keys()].toSorted()).toEqual(expect.arrayContaining(["1.1.0", "1.1.1", "1.1.2"]));
  });
});

describe("windows that are shown one by one", () => {
  it("are each promoted once, before and at the commit, under an intent of their own", async () => {
    const { status, journal, promoted } = await run(
      { tables: 2, windows: 24 },
      { visibility: "window", pollMs: 1 },
    );
    expect(status.runtimeStatus).toBe("Completed");
    expect(promoted.size).toBe(2 * 2 * 24);
    const firstCommit = journal.findIndex((each) => each.startsWith("iterationCommitted"));
    const before = journal.slice(0, firstCommit).filter((each) => each.startsWith("intended"));
    expect(before.length).toBeGreaterThan(1);
  });

  it.each(["withdrawn", "stopped"] as const)(
    "of a table whose promotion is %s go on no further, and it is told by that reason alone",
    async (what) => {
      const out = { table: "T0", reason: "The cluster refuses it." };
      let looked: readonly Flight[] = [];
      let underWay: readonly Flight[] = [];
      let asked = false;
      const { status, bodies, journal, promoted } = await run(
        {
          tables: 2,
          windows: 12,
          polled: (flights) => {
            looked = flights;
          },
          // Exports that are still under way when it is promoted.
          unseen: (polls) => (polls > 2 && !asked ? [{ stage: "exporting", reason: "busy" }] : []),
          refuse: (name, count) => {
            if (name !== ACTIVITY.promoteTable || count > 1) return undefined;
            asked = true;
            // The forward lane, which goes first, is the second that was planned.
            underWay = looked.filter(({ iteration, table }) => iteration === 2 && table === "T0");
            return { kind: "done", value: { windows: [], stopped: [], withdrawn: [], [what]: [out] } };
          },
        },
        { visibility: "window", pollMs: 1 },
      );
      expect(status.runtimeStatus).toBe("Completed");
      expect(status.output).toMatchObject({ committed: expect.arrayContaining([1, 2]) });
      expect(underWay.length).toBeGreaterThan(0);
      // What its windows still export the source is asked to stop, and nothing else.
      const cancelled = journal.filter((each) => each.startsWith("cancel "));
      expect(cancelled.length).toBeGreaterThan(0);
      expect(cancelled.filter((each) => !each.startsWith("cancel 2.0."))).toEqual([]);
      const told = bodies.flatMap((body) =>
        body.kind === "progress" ? [...body.parked, ...body.reset] : [],
      );
      expect(told).toEqual([]);
      expect([...promoted].filter((window) => window.startsWith("2.0."))).toEqual([]);
      expect([...promoted].filter((window) => window.startsWith("2.1.")).length).toBe(12);
    },
  );
});
