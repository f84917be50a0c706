import {
  ACTIVITY,
  type Answer,
  type CheckFamilyInput,
  type ListVerifiedInput,
  type VerifiedPage,
  type VerifyTableInput,
} from "../../../activities/contract.ts";
import type { Trial } from "../../../local/host/tryOrchestrators.ts";
import type { Check } from "../../../model/reports/checkup.ts";
import type { VerifiedTable } from "../../../model/reports/verification.ts";
import { checkJob } from "../../../orchestrators/checkJob.ts";
import { planCopy } from "../../../orchestrators/planCopy.ts";
import { verifyCopy } from "../../../orchestrators/verifyCopy.ts";
import { job } from "../fakeCopy.ts";

const TABLES = Array.from({ length: 102 }, (_, i) => `T${String(i).padStart(3, "0")}`);

/** What is asked about a job. */
export const reports: Readonly<Record<string, () => Trial>> = {
  plan: () => {
    let calls = 0;
    return {
      orchestrators: { planCopy },
      activities: {
        // The report goes through as it is.
        [ACTIVITY.describePlan]: (): Answer<object> =>
          ++calls < 3
            ? { kind: "failed", retryable: true, reason: "Throttled." }
            : { kind: "done", value: { tables: [] } },
      },
      start: "planCopy",
      input: { job },
    };
  },
  check: () => ({
    orchestrators: { checkJob },
    activities: {
      [ACTIVITY.checkFamily]: ({ family }: CheckFamilyInput): Answer<Check[]> =>
        family === "lake"
          ? { kind: "failed", retryable: false, reason: "The lake's address can't be used." }
          : { kind: "done", value: [{ family, name: "reach", state: "ok", seen: "", why: "", fix: null }] },
    },
    start: "checkJob",
    input: { job },
  }),
  verify: () => {
    const tries = new Map<string, number>();
    return {
      orchestrators: { verifyCopy },
      activities: {
        [ACTIVITY.listVerified]: ({ after, count }: ListVerifiedInput): Answer<VerifiedPage> => {
          const left = TABLES.filter((name) => after === null || name > after);
          const tables = left.slice(0, count);
          return {
            kind: "done",
            value: { tables, end: left.length <= count, slots: 20, left: left.length },
          };
        },
        [ACTIVITY.verifyTable]: ({ table }: VerifyTableInput): Answer<VerifiedTable> => {
          const tried = (tries.get(table) ?? 0) + 1;
          tries.set(table, tried);
          if (table === "T003" && tried < 3) return { kind: "failed", retryable: true, reason: "Throttled." };
          if (table === "T101") return { kind: "failed", retryable: false, reason: "Denied." };
          return { kind: "done", value: equal(table) };
        },
      },
      start: "verifyCopy",
      input: { job },
    };
  },
};

function equal(name: string): VerifiedTable {
  const none = { source: null, destination: null, days: [], moreDays: 0, reason: null, advice: null };
  return { name, state: "equal", ...none };
}
