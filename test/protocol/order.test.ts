import { describe, expect, it } from "vitest";
import type { ControlAnswer } from "../../activities/contract.ts";
import { tryOrchestration } from "../../local/host/tryOrchestrators.ts";
import { copyJob } from "../../orchestrators/copyJob.ts";
import { copyOfModel } from "./copyOfModel.ts";
import { beginning } from "./explore.ts";
import { stateOf } from "./ledger.ts";
import { jobOf, type Rules } from "./rules.ts";
import { cancel, openRun } from "./run.ts";
import { shownWindows, snapshot, twoIterations, twoWindows } from "./scenarios.ts";
import { landed, plainSteps } from "./steps.ts";
import type { World } from "./world.ts";

/* The order in which the model's runs write is the order in which the real orchestrator does, over the very same activities. */

interface Ran {
  readonly world: World;
  readonly journal: readonly string[];
}

/** The newest run of the model alone, to its end or until the log says so. */
function runModel(rules: Rules, from: World, until: (world: World) => boolean = () => false): Ran {
  const journal: string[] = [];
  let world = from;
  while (!until(world)) {
    const run = world.runs.at(-1);
    const [message] = world.queue;
    if (message) {
      world = landed(world, message, 0);
      continue;
    }
    if (!run?.call) break;
    const { call } = run;
    if (call.do === "append") {
      const parks = call.says.includes("is parked");
      const name = call.iteration === 0 ? call.kind : `${call.kind} ${call.iteration}`;
      journal.push(call.kind === "progress" ? (parks ? `parked ${call.iteration}` : "progress") : name);
    }
    world = plainSteps(rules, world, run)[0]?.world ?? world;
  }
  return { world, journal };
}

async function runReal(rules: Rules, from: World, control?: () => Partial<ControlAnswer>): Promise<Ran> {
  const copy = copyOfModel(rules, from, control);
  const status = await tryOrchestration({
    orchestrators: { copyJob },
    activities: copy.activities,
    start: "copyJob",
    input: { job: jobOf(rules) },
  });
  expect(status.runtimeStatus).toBe("Completed");
  return { world: copy.world(), journal: copy.journal };
}

/** What is written but for the progress of windows, of which a round tells several at once. */
function told({ journal }: Ran): string[] {
  return journal.filter((each) => each !== "progress");
}

/** Of two iterations that are open side by side, which comes first hangs on how long their windows take. */
function byIteration(entries: readonly string[]): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const entry of entries) {
    const iteration = entry.split(" ")[1] ?? "";
    found[iteration] = [...(found[iteration] ?? []), entry];
  }
  return found;
}

function compared(real: Ran, model: Ran): void {
  expect(byIteration(told(real))).toEqual(byIteration(["runOpened", ...told(model)]));
  const rows = ({ world }: Ran) => world.table.flatMap((extent) => extent.rows).toSorted();
  expect(rows(real)).toEqual(rows(model));
  expect(real.world.staging).toEqual(model.world.staging);
  expect(real.world.files).toEqual(model.world.files);
}

const at = (stage: string) => (world: World) =>
  Object.values(stateOf(world.log).open.backfill?.windows ?? {}).some((each) => each.stage === stage);
const isIntended = (world: World) => (stateOf(world.log).open.backfill?.intended.length ?? 0) > 0;
const plansForward = ({ runs }: World) => {
  const call = runs.at(-1)?.call;
  return call?.do === "append" && call.kind === "iterationPlanned";
};
const isCommitted = (world: World) => stateOf(world.log).toClean.length > 0;

describe("the model's runs write what the real orchestrator writes, in its order", () => {
  const empty = (rules: Rules): World => ({ ...beginning(rules), log: 0, runs: [] });

  for (const [name, rules] of Object.entries({ twoIterations, twoWindows, snapshot })) {
    it(`from an empty log, and once more after that: ${name}`, async () => {
      const [real, model] = [await runReal(rules, empty(rules)), runModel(rules, beginning(rules))];
      compared(real, model);
      const next = openRun(rules, { ...model.world, runs: [] }, "B");
      compared(await runReal(rules, real.world), runModel(rules, next));
    });
  }

  for (const [moment, until] of Object.entries({
    "a window is exported": at("exported"),
    "a window is staged": at("staged"),
    "a promotion is intended": isIntended,
    "an iteration is committed and not cleaned": isCommitted,
  })) {
    it(`where another run takes over when ${moment}`, async () => {
      const left = { ...runModel(twoIterations, beginning(twoIterations), until).world, runs: [] };
      const model = runModel(twoIterations, openRun(twoIterations, left, "B"));
      compared(await runReal(twoIterations, left), model);
    });
  }

  it("where people cancel it", async () => {
    const rules = twoWindows;
    const asked = () => ({ wanted: "cancel" as const });
    const left = { ...runModel(rules, beginning(rules), at("staged")).world, runs: [] };
    const { world } = runModel(rules, openRun(rules, left, "B"), plansForward);
    const [run] = world.runs;
    if (!run) throw new Error("There is no run.");
    const model = runModel(rules, { ...world, runs: [cancel(rules, run, false)] });
    expect(told(model)).toEqual(["parked 1", "iterationCommitted 1", "cleaned 1", "runEnded"]);
    compared(await runReal(rules, left, asked), model);
  });

  it("where windows are shown one by one, but for how many at once", async () => {
    const rules = shownWindows;
    const [real, model] = [await runReal(rules, empty(rules)), runModel(rules, beginning(rules))];
    const kinds = ({ journal }: Ran) => [...new Set(journal)];
    expect(new Set(kinds(real))).toEqual(new Set(["runOpened", ...kinds(model)]));
    expect(real.world.table.flatMap((each) => each.rows).toSorted()).toEqual(["a", "b"]);
  });
});
