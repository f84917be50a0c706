import { describe, expect, it } from "vitest";
import {
  ACTIVITY,
  type Answer,
  type ListVerifiedInput,
  type VerifiedPage,
  type VerifyTableInput,
} from "../../activities/contract.ts";
import { tryOrchestration } from "../../local/host/tryOrchestrators.ts";
import { type VerifiedTable, verificationReportSchema } from "../../model/reports/verification.ts";
import { verifyCopy } from "../../orchestrators/verifyCopy.ts";
import { job } from "./fakeCopy.ts";

const names = (count: number) => Array.from({ length: count }, (_, i) => `T${String(i).padStart(5, "0")}`);

/** Runs a verification of tables, each of which answers what `verify` says. */
async function run(
  count: number,
  slots: number,
  verify: (table: string, tries: number) => Answer<VerifiedTable>,
) {
  const tries = new Map<string, number>();
  let running = 0;
  let most = 0;
  const status = await tryOrchestration({
    orchestrators: { verifyCopy },
    activities: {
      [ACTIVITY.listVerified]: ({ after, count: size }: ListVerifiedInput): Answer<VerifiedPage> => {
        const left = names(count).filter((name) => after === null || name > after);
        return {
          kind: "done",
          value: { tables: left.slice(0, size), end: left.length <= size, slots, left: left.length },
        };
      },
      [ACTIVITY.verifyTable]: async ({ table }: VerifyTableInput) => {
        running++;
        most = Math.max(most, running);
        await new Promise((done) => setImmediate(done));
        running--;
        tries.set(table, (tries.get(table) ?? 0) + 1);
        return verify(table, tries.get(table) ?? 0);
      },
    },
    start: "verifyCopy",
    input: { job },
  });
  return { status, tries, most };
}

function equal(name: string): VerifiedTable {
  const side = { rows: 1, hash: "a" };
  return {
    name,
    state: "equal",
    source: side,
    destination: side,
    days: [],
    moreDays: 0,
    reason: null,
    advice: null,
  };
}

describe("the orchestration of a verification", () => {
  it("compares each table once, over many generations, never more side by side than there are query slots", async () => {
    const { status, tries, most } = await run(350, 7, (table) => ({ kind: "done", value: equal(table) }));
    const report = verificationReportSchema.parse(status.output);
    expect(report).toMatchObject({ verdict: "equal", more: 0, totals: { equal: 350, rows: 350 } });
    expect(report.tables.map((table) => table.name)).toEqual(names(350));
    expect([...tries.values()].every((times) => times === 1)).toBe(true);
    expect(most).toBeLessThanOrEqual(7);
  });

  it("tries again what a cluster could not answer now, and says of what it never could that it is unknown", async () => {
    const { status, tries } = await run(5, 2, (table, times) => {
      if (table === "T00001" && times < 3) return { kind: "failed", retryable: true, reason: "Throttled." };
      if (table === "T00002") return { kind: "failed", retryable: true, reason: "No answer." };
      if (table === "T00003") return { kind: "failed", retryable: false, reason: "Denied." };
      return { kind: "done", value: equal(table) };
    });
    const report = verificationReportSchema.parse(status.output);
    expect(report).toMatchObject({ verdict: "incomplete", totals: { equal: 3, unknown: 2 } });
    expect(report.tables.slice(0, 2)).toMatchObject([
      { name: "T00002", state: "unknown", reason: expect.stringMatching(/No answer/) },
      { name: "T00003", state: "unknown", reason: expect.stringMatching(/Denied/) },
    ]);
    expect([tries.get("T00001"), tries.get("T00003")]).toEqual([3, 1]);
  });
});
