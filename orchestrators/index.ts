import * as df from "durable-functions";
import { copyJob } from "./copyJob.ts";

/** Name of the orchestration that runs a job, as the portal shows it. */
export const COPY_JOB = "copyJob";

df.app.orchestration(COPY_JOB, copyJob);
