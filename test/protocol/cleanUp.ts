import { type Sweep, sweepOf } from "../../model/checkpoint/sweep.ts";
import { type Progress, views, type Worker } from "./activities.ts";
import { dropTables, dropTags } from "./kusto.ts";
import { type Ref, stateOf } from "./ledger.ts";
import { mutated, type Rules } from "./rules.ts";
import type { Call, World } from "./world.ts";

type Clean = Call & { do: "clean" };

/** One request of activities/promotion/cleanUp.ts. */
export function cleanStep(rules: Rules, world: World, worker: Worker, call: Clean): Progress[] {
  switch (call.at) {
    case "list": {
      // Which log it goes by shows in what it takes for open: the later ones are none of it anyway.
      const found = views(world, worker).map((view) => {
        const { isLeft } = sweep(rules, view, worker.id, call.iteration);
        return world.staging.map((table) => table.name).filter(isLeft);
      });
      return found.map((names) => ({
        says: `run ${worker.name} lists the staging tables that iteration ${call.iteration} and older ones left`,
        world,
        effect: false,
        call: { ...call, at: "tags", names },
      }));
    }
    case "tags": {
      const done = stateOf(worker.view).toClean.find((each) => each.iteration === call.iteration);
      const tags = Object.values(done?.windows ?? {}).flatMap((window) =>
        window.stage === "promoted" ? (window.tag ?? []) : [],
      );
      // And whatever a clean-up before could not take off: which tables the log names for that is of no matter here.
      const { isLeftTag } = sweep(rules, worker.view, worker.id, call.iteration);
      const found = world.table.flatMap((extent) => extent.tags.filter(isLeftTag));
      const says = `run ${worker.name} takes off the tags of iteration ${call.iteration} and of older ones`;
      const left = dropTags(world, [...tags, ...found]);
      return [{ says, world: left, effect: true, call: { ...call, at: "drop" } }];
    }
    case "drop": {
      const says = `run ${worker.name} drops ${call.names.join(", ") || "no staging table"}`;
      const left: Clean = { ...call, at: "files", names: [] };
      return [{ says, world: dropTables(world, call.names), effect: true, call: left }];
    }
    case "files": {
      const { isOver } = sweep(rules, worker.view, worker.id, call.iteration);
      const files = world.files.filter((folder) => {
        const [, run, iteration] = folder.split("/");
        const newer = Number(run) > worker.id && !mutated(rules, "sweep newer runs");
        return newer || !isOver(Number(iteration));
      });
      const says = `run ${worker.name} deletes the files of what is over`;
      return [{ says, world: { ...world, files }, effect: true, answer: { is: "done" } }];
    }
  }
}

/** The rule of the product; mutations ask it about an iteration later than all, or for a run newer than all. */
function sweep(rules: Rules, view: Ref, run: number, iteration: number): Sweep {
  return sweepOf(
    stateOf(view),
    mutated(rules, "sweep newer runs") ? Number.MAX_SAFE_INTEGER : run,
    mutated(rules, "sweep newer iterations") ? Number.MAX_SAFE_INTEGER : iteration,
  );
}
