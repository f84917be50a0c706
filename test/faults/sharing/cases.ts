import { setTimeout as sleep } from "node:timers/promises";
import { FOLLOWER_ACTIVITY } from "../../../activities/followers/contract.ts";
import type { Delivery } from "../app.ts";
import { faultsOf } from "../cases.ts";
import { ACTION_WORDS, ACTIONS } from "../deliveries.ts";
import { missedOf, type Strike } from "../director.ts";
import type { Outcome } from "../run.ts";
import { FAULT_WORDS } from "../wireFaults.ts";
import { PLACE, type SharingStage } from "./stage.ts";
import { STEPS, type Step, untilDone } from "./steps.ts";

/** One step, and the one thing that strikes it. */
export interface SharingCase {
  readonly name: string;
  readonly step: Step;
  readonly strikes: readonly Strike[];
  readonly deliveries: readonly Delivery[];
}

export type SharingOutcome = Pick<Outcome, "problems" | "missed" | "seen">;

/** Activities of each step. */
const DELIVERED: Readonly<Record<string, readonly (keyof typeof FOLLOWER_ACTIVITY)[]>> = {
  attach: ["planAttach", "beginWork", "lookAtWorks", "verifyShared"],
  override: ["readOverrides", "applyOverride"],
  detach: ["planDetach", "beginWork", "lookAtWorks"],
};

/** Records each step as nothing strikes it, and answers every fault of every one of its effects, step by step. */
export async function sharingCases(stage: SharingStage): Promise<SharingCase[]> {
  const cases: SharingCase[] = [];
  for (const step of STEPS) {
    const plain: SharingCase = { name: `record ${step.name}`, step, strikes: [], deliveries: [] };
    const { problems, seen } = await runSharing(stage, plain);
    if (problems.length > 0) throw new Error(`${step.name} that nothing strikes: ${problems.join("; ")}`);
    for (const effect of seen.keys())
      for (const fault of faultsOf(effect)) {
        const name = `${step.name}: ${effect} — ${FAULT_WORDS[fault]}`;
        cases.push({ name, step, strikes: [{ effect, nth: 1, fault }], deliveries: [] });
      }
    for (const activity of DELIVERED[step.name] ?? [])
      for (const action of ACTIONS) {
        const name = `${step.name}: activity ${activity} ${ACTION_WORDS[action]}`;
        const delivery = { activity: FOLLOWER_ACTIVITY[activity], action, nth: 1 };
        cases.push({ name, step, strikes: [], deliveries: [delivery] });
      }
  }
  return cases;
}

/** The cases so that steps take turns: each finds things as the step before it leaves them, as long as there are any of it. */
export function inTurn(cases: readonly SharingCase[]): SharingCase[] {
  const byStep = STEPS.map((step) => cases.filter((each) => each.step === step));
  const most = Math.max(...byStep.map((each) => each.length));
  return Array.from({ length: most }, (_, i) => byStep.flatMap((each) => each[i] ?? [])).flat();
}

let kills = 0;

/** Does a step that something strikes, kills the app where that is a death, and looks what of the promise is broken. */
export async function runSharing(
  stage: SharingStage,
  { step, strikes, deliveries }: SharingCase,
): Promise<SharingOutcome> {
  const { director, app } = stage;
  await makeReady(stage, step);
  for (const delivery of deliveries) await app.deliver({ ...delivery, text: ANY }, LATE_MS);
  const track = director.arm(PLACE, strikes);
  let over = false;
  const killing = (async () => {
    while (!over) {
      if (track.isDead()) await app.kill(kills++ % 2 === 0 ? "lost" : "kept");
      await sleep(20);
    }
  })();
  let problems: string[];
  try {
    problems = await untilDone(stage, step, () => director.disarm(PLACE));
  } finally {
    over = true;
    await killing;
  }
  director.disarm(PLACE);
  const undelivered = await app.delivered(ANY);
  if (deliveries.length > 0) problems.push(...(await step.wrong(stage)));
  await app.deliverOnce();
  return { problems, missed: [...missedOf(track, strikes), ...undelivered], seen: track.seen };
}

const ANY = "";
const LATE_MS = 500;

/** Does the step that goes before this one, where it is not done. */
async function makeReady(stage: SharingStage, step: Step): Promise<void> {
  const isAttached = (await stage.attached()).length > 0;
  if (isAttached === step.ofAttached) return;
  const before = STEPS.find(({ leavesAttached }) => leavesAttached === step.ofAttached);
  if (before === undefined) throw new Error(`Nothing makes ready for ${step.name}.`);
  const problems = await untilDone(stage, before, () => undefined);
  if (problems.length > 0) throw new Error(`${before.name}, which nothing strikes: ${problems.join("; ")}`);
}
