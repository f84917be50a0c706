import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bounded, shortText, TABLES_IN_FULL } from "../../../model/reports/bounded.ts";
import { type Check, checkupReport, checkupReportSchema } from "../../../model/reports/checkup.ts";
import { type PlanTable, planReport, planReportSchema } from "../../../model/reports/plan.ts";
import {
  nothingFound,
  type VerifiedTable,
  verificationReport,
  verificationReportSchema,
  verifiedStateSchema,
  withFound,
} from "../../../model/reports/verification.ts";

const MESSAGE_BYTES = 1024 * 1024;
const job = {
  job: "default",
  source: { cluster: "https://a.westeurope.kusto.windows.net", database: "From" },
  destination: { cluster: "https://b.westeurope.kusto.windows.net", database: "To" },
  lake: "https://account.blob.core.windows.net/copy/folder",
  at: "2026-01-31T12:00:00.000Z",
};

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe("a report", () => {
  it("fits a message, whatever the names and reasons, and what it leaves out is counted", () => {
    const items = fc.array(fc.string({ unit: "binary", maxLength: 400 }), { maxLength: 40 });
    fc.assert(
      fc.property(items, fc.integer({ min: 1, max: 400 }), (texts, times) => {
        const list = Array.from({ length: times }, () => texts).flat();
        const { items: kept, more } = bounded(list);
        expect(kept.length + more).toBe(list.length);
        expect(kept).toEqual(list.slice(0, kept.length));
        expect(kept.length).toBeLessThanOrEqual(TABLES_IN_FULL);
        expect(bytesOf(kept)).toBeLessThan(MESSAGE_BYTES);
      }),
      { numRuns: 40 },
    );
    expect(shortText("x".repeat(1_000_000)).length).toBeLessThanOrEqual(2000);
  });

  it("of a plan lists what would be refused before what would be copied, the largest first", () => {
    const table = (name: string, state: PlanTable["state"], rows: number): PlanTable => ({
      name,
      iteration: 1,
      lane: "backfill",
      state,
      whole: false,
      days: [],
      windows: 1,
      rows,
      bytes: null,
      format: "csv",
      changes: [],
      reason: null,
      dropped: null,
    });
    const report = planReport(
      {
        ...job,
        log: "none",
        iterations: [],
        totals: { copied: 2, prepared: 1, refused: 1, windows: 3, rows: 12, bytes: null },
        estimate: null,
        follower: { possible: "no", reason: "…" },
        warnings: [],
      },
      [table("B", "copied", 3), table("E", "prepared", 0), table("A", "copied", 9), table("Z", "refused", 0)],
    );
    expect(report.tables.map((each) => each.name)).toEqual(["Z", "A", "B", "E"]);
    expect(planReportSchema.parse(report)).toEqual(report);
  });

  it("of a verification counts every table once, however they come, and hides none that differs behind equal ones", () => {
    const verified = fc.record({
      name: fc.string({ minLength: 1, maxLength: 30 }),
      state: fc.constantFrom(...verifiedStateSchema.options),
    });
    fc.assert(
      fc.property(fc.array(fc.array(verified, { maxLength: 60 }), { maxLength: 30 }), (waves) => {
        const tables = waves.map((wave) =>
          wave.map(
            (each): VerifiedTable => ({
              ...each,
              source: { rows: 2, hash: "a" },
              destination: { rows: 1, hash: "b" },
              days: [],
              moreDays: 0,
              reason: null,
              advice: null,
            }),
          ),
        );
        const found = tables.reduce(withFound, nothingFound);
        const report = verificationReportSchema.parse(verificationReport(job, found));
        const all = tables.flat();
        expect(report.tables.length + report.more).toBe(all.length);
        expect(report.totals.rows).toBe(all.length);
        for (const state of verifiedStateSchema.options)
          expect(report.totals[state]).toBe(all.filter((each) => each.state === state).length);
        const equal = report.tables.filter((each) => each.state === "equal").length;
        expect(
          report.tables.slice(report.tables.length - equal).every((each) => each.state === "equal"),
        ).toBe(true);
        expect(report.verdict === "equal").toBe(all.every((each) => each.state === "equal"));
      }),
      { numRuns: 50 },
    );
  });

  it("of checks fails where one failed, and warns where one could not be made", () => {
    const check = (state: Check["state"]): Check => ({
      family: "lake",
      name: "write",
      state,
      seen: "",
      why: "",
      fix: null,
    });
    expect(checkupReport(job, []).verdict).toBe("ok");
    expect(checkupReport(job, [check("ok"), check("unknown")]).verdict).toBe("warnings");
    const report = checkupReport(job, [check("ok"), check("failed"), check("warning")]);
    expect(checkupReportSchema.parse(report)).toMatchObject({
      verdict: "failed",
      totals: { ok: 1, failed: 1 },
    });
  });
});
