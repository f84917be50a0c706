import { readControl as read } from "../../lake/control.ts";
import { readStateOfRun } from "../../lake/log.ts";
import { waitingResyncs } from "../../model/control.ts";
import type { Answer, ControlAnswer, RunRef } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { answer } from "../outcome.ts";
import { stopWanted } from "./stopRequest.ts";

/** What people ask of the copy now. Changes nothing. */
export function readControl({ job, run, next }: RunRef): Promise<Answer<ControlAnswer>> {
  return answer(async () => {
    const { lake } = clientsOf(job);
    const control = await read(lake);
    return {
      wanted: control.wanted !== "run" ? control.wanted : stopWanted() ? "stop" : "run",
      by: control.asked === undefined ? "" : `${control.asked.by}, ${control.asked.at}`,
      resyncs: waitingResyncs(control.resyncs, await readStateOfRun(lake, run, next)),
    };
  });
}
