import { contradictions } from "../../model/contradictions.ts";
import type { Job } from "../../model/job.ts";
import { refuseAccess } from "../lakes.ts";
import { type CheckOf, well } from "./runChecks.ts";

/** The job's own settings: what can't work, whatever the clusters are like. */
export function settingChecks(job: Job): CheckOf[] {
  const found = contradictions(job);
  return [
    {
      name: "access to the lake",
      why: "Not every way to reach a lake is open to every cluster and every kind of ingestion.",
      fix: "Choose another way for the clusters to reach the lake.",
      look: async () => {
        refuseAccess(job);
        return well("The clusters' way to the lake fits the job.");
      },
    },
    ...found.map(
      ({ name, state, seen, why, fix }): CheckOf => ({ name, why, fix, look: async () => ({ state, seen }) }),
    ),
    ...(found.length > 0
      ? []
      : [
          {
            name: "settings",
            why: "Settings can contradict each other, or have no effect together.",
            fix: "",
            look: async () => well("Nothing in them contradicts anything else."),
          },
        ]),
  ];
}
