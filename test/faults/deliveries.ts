import { ACTIVITY } from "../../activities/contract.ts";
import type { Delivery } from "./app.ts";
import type { Case } from "./run.ts";
import type { Variant } from "./variants.ts";

type Activity = keyof typeof ACTIVITY;

/** One delivery of an activity that copies of a variant make: the `nth` of those whose input says `of`. */
interface Delivered {
  readonly variant: Variant;
  readonly iterations: 1 | 2;
  readonly nth: number;
  readonly of?: string;
  /** Which of them it is, where it isn't the first of all. */
  readonly which?: string;
}

const FIRST: Delivered = { variant: "queued", iterations: 1, nth: 1 };

function recorded(kind: string): Delivered {
  return { ...FIRST, of: `"kind":"${kind}"`, which: ` of ${kind}` };
}

/** Each activity: which deliveries of it are made more than once, or why a small copy makes none. */
const DELIVERIES: Readonly<Record<Activity, readonly Delivered[] | string>> = {
  openRun: [FIRST],
  readSlots: [{ ...FIRST, variant: "late" }],
  planIteration: [FIRST],
  prepareDestination: [FIRST],
  createStatusView: [FIRST],
  mirrorSchema: "only a job that asks for it mirrors schemas",
  holdUpdatePolicies: [FIRST, { ...FIRST, of: '"moment":"promotion"', which: " before what is shown" }],
  releaseUpdatePolicies: "only a run that has switched update policies off switches them on again",
  takeWindows: [FIRST],
  startExport: [FIRST],
  measureExport: [FIRST],
  startIngestion: [FIRST],
  pollOperations: [FIRST],
  verifyStaged: [FIRST],
  adoptStaged: [{ ...FIRST, variant: "adopting" }],
  recordEntry: [FIRST, recorded("promoted"), recorded("iterationCommitted"), recorded("cleaned")],
  recordFailure: "only a run that fails records that",
  readControl: [FIRST],
  acceptResync: [{ ...FIRST, variant: "days", iterations: 2 }],
  cancelExports: "only a table that is out of an iteration has exports that are cancelled",
  abandonIteration: "only a cancelled copy gives an iteration up",
  checkVisibility: [FIRST],
  intendPromotion: [FIRST],
  promoteTable: [
    FIRST,
    { ...FIRST, nth: 2, which: " of the second table" },
    { ...FIRST, variant: "days", iterations: 2, nth: 3, which: " of a day" },
  ],
  cleanUp: [FIRST],
  refreshStatus: [FIRST],
  publishEvent: [FIRST],
  describePlan: "a report's, and no copy's",
  listVerified: "a report's, and no copy's",
  verifyTable: "a report's, and no copy's",
  checkFamily: "a report's, and no copy's",
};

function activities(delivered: boolean): Activity[] {
  const names = Object.keys(DELIVERIES).filter((name): name is Activity => name in DELIVERIES);
  return names.filter((name) => (typeof DELIVERIES[name] !== "string") === delivered);
}

/** Activities that small copies run. */
export const DELIVERED = activities(true);

/** Activities that none runs. */
export const NOT_DELIVERED = activities(false);

export const ACTIONS: readonly Delivery["action"][] = ["again", "together", "late"];

export const ACTION_WORDS: Readonly<Record<Delivery["action"], string>> = {
  again: "is delivered again, its first answer lost",
  together: "is delivered twice at the same time",
  late: "is delivered again after its answer was taken",
};

/** Each activity delivered more than once, in each way. */
export function deliveredTwice(): Case[] {
  return DELIVERED.flatMap((name) => {
    const deliveries = DELIVERIES[name];
    if (typeof deliveries === "string") return [];
    return deliveries.flatMap(({ variant, iterations, which = "", ...delivery }) =>
      ACTIONS.map((action): Case => {
        return {
          name: `activity ${name}${which} ${ACTION_WORDS[action]}`,
          variant,
          iterations,
          strikes: [],
          deliveries: [{ activity: ACTIVITY[name], action, ...delivery }],
        };
      }),
    );
  });
}

/** Deliveries that never come in a copy which nothing strikes. */
export function neverComing(): Delivery[] {
  return NOT_DELIVERED.map((name) => ({ activity: ACTIVITY[name], action: "again", nth: 1 }));
}
