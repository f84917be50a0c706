import type { Job } from "../../model/job.ts";
import type { Check, CheckFamily } from "../../model/reports/checkup.ts";
import type { Answer, CheckFamilyInput } from "../contract.ts";
import { accessTo, lakeOf, statusAccess } from "../lakes.ts";
import { answer } from "../outcome.ts";
import { destinationChecks } from "./destinationChecks.ts";
import { eventChecks } from "./eventChecks.ts";
import { ingestionChecks } from "./ingestionChecks.ts";
import { jobChecks } from "./jobChecks.ts";
import { lakeChecks } from "./lakeChecks.ts";
import { reachChecks } from "./reachChecks.ts";
import { type CheckOf, runChecks } from "./runChecks.ts";
import { settingChecks } from "./settingChecks.ts";
import { sourceChecks } from "./sourceChecks.ts";

/** Makes the checks of one family, side by side, each within its time. Changes nothing but probes that it deletes. */
export function checkFamily({ job, family }: CheckFamilyInput): Promise<Answer<Check[]>> {
  return answer(() => runChecks(family, checksOf(job, family)));
}

function checksOf(job: Job, family: CheckFamily): CheckOf[] {
  switch (family) {
    case "settings":
      return settingChecks(job);
    case "source":
      return sourceChecks(job, identitiesOfLakes(job));
    case "destination":
      return destinationChecks(job, { ingestion: identitiesOfLakes(job), status: identityOfStatus() });
    case "ingestion":
      return ingestionChecks(job);
    case "lake":
      return [...lakeChecks(job), ...reachChecks(job)];
    case "events":
      return eventChecks();
    case "job":
      return jobChecks(job);
  }
}

/** The managed identities by which the clusters reach the job's lakes. */
function identitiesOfLakes(job: Job): string[] {
  const found = [job.lake, ...job.stagingLakes].flatMap((url) => {
    const access = accessTo(job, lakeOf(url));
    return access.kind === "managedIdentity" ? [access.id] : [];
  });
  return [...new Set(found)];
}

function identityOfStatus(): string[] {
  const access = statusAccess();
  return access.kind === "managedIdentity" ? [access.id] : [];
}
