import type { Lake } from "../../lake/lake.ts";
import { readState, readStateOfRun } from "../../lake/log.ts";
import type { OpenIteration, State } from "../../model/checkpoint/state.ts";
import { windowsOf } from "../../model/checkpoint/windows.ts";
import { stagingTable } from "../../model/naming.ts";

/** Where rows of an iteration arrive: in its staging tables, by ingestion, or in the tables themselves, by a move. */
export type Moment = "staging" | "promotion";

/** A table of an iteration, and the name of the one that its rows arrive in. */
export interface Landing {
  readonly table: string;
  readonly name: string;
}

/** Where rows of an iteration are yet to arrive. */
export function landingsOf(state: State, run: number, open: OpenIteration, moment: Moment): Landing[] {
  return open.tables.flatMap((table, t) => {
    const moving = open.intended.some((move) => move.table === table.name);
    const waiting =
      !(table.name in open.parked) && windowsOf(open, t).some((window) => window.stage !== "promoted");
    if (!waiting && !(moving && moment === "promotion")) return [];
    const staging = stagingTable(state.copyId ?? "", run, open.iteration, t);
    return [{ table: table.name, name: moment === "staging" ? staging : table.name }];
  });
}

/**
 * The state of a run as the log stands now, and not as this process remembers it: an entry that an earlier delivery wrote is
 * seen. Throws Stale where another run took over.
 */
export async function freshState(lake: Lake, run: number, next: number): Promise<State> {
  const { next: end } = await readState(lake);
  return await readStateOfRun(lake, run, Math.max(next, end));
}
