import * as df from "durable-functions";
import { checkJob } from "./checkJob.ts";
import { copyJob } from "./copyJob.ts";
import "./followers/index.ts";
import { planCopy } from "./planCopy.ts";
import { verifyCopy } from "./verifyCopy.ts";

/** Name of the orchestration that runs a job, as the portal shows it. */
export const COPY_JOB = "copyJob";
/** What is asked about a job: each takes `{job}`, answers its report, and changes nothing. */
export const PLAN_COPY = "planCopy";
export const VERIFY_COPY = "verifyCopy";
export const CHECK_JOB = "checkJob";

df.app.orchestration(COPY_JOB, copyJob);
df.app.orchestration(PLAN_COPY, planCopy);
df.app.orchestration(VERIFY_COPY, verifyCopy);
df.app.orchestration(CHECK_JOB, checkJob);
