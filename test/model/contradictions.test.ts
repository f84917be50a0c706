import { describe, expect, it } from "vitest";
import { contradictions } from "../../model/contradictions.ts";
import type { Job } from "../../model/job.ts";
import { sampleJob } from "./checkpoint/sampleLog.ts";

const quiet: Job = {
  ...sampleJob,
  format: "auto",
  existingRows: "refuse",
  ingestion: "queued",
  mode: "backfill-and-new",
  backfillHorizon: null,
  rpoMs: 300_000,
  pollMs: 2000,
  ingestionTimeoutMs: 3_600_000,
  windowRows: 1_000_000,
};
const far = new Date(Date.now() + 86_400_000).toISOString();

describe("settings that make no sense together", () => {
  it("are none in a usual job", () => {
    expect(contradictions(quiet)).toEqual([]);
  });

  it.each<[string, Partial<Job>, "failed" | "warning"]>([
    ["source and destination", { destination: { ...quiet.source } }, "failed"],
    ["lakes", { stagingLakes: [quiet.lake] }, "warning"],
    ["horizon", { mode: "new", backfillHorizon: "2026-01-01T00:00:00.000Z" }, "warning"],
    ["horizon", { backfillHorizon: far }, "failed"],
    ["RPO", { rpoMs: 30_000 }, "warning"],
    ["poll", { pollMs: 300_000 }, "warning"],
    ["ingestion timeout", { ingestionTimeoutMs: 60_000 }, "warning"],
    ["window rows", { windowRows: 1_000_000_000 }, "warning"],
    ["format", { format: "parquet" }, "warning"],
    ["existing rows", { existingRows: "keep" }, "warning"],
    ["tables", { tables: { ...quiet.tables, include: ["A"], exclude: ["A", "B"] } }, "failed"],
  ])("are told by name, with why and the fix: %s", (name, more, state) => {
    const found = contradictions({ ...quiet, ...more });
    expect(found).toMatchObject([{ name, state }]);
    for (const { seen, why, fix } of found)
      expect([seen, why, fix].every((text) => text.length > 10)).toBe(true);
  });

  it("are not found where they make sense", () => {
    expect(contradictions({ ...quiet, ingestion: "direct", rpoMs: 30_000 })).toEqual([]);
    const other = { ...quiet.source, database: "Another" };
    expect(contradictions({ ...quiet, destination: other })).toEqual([]);
  });
});
