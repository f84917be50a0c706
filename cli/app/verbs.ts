import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { allowInteractive } from "../../kusto/credentials.ts";
import { definitionOf } from "../jobs/options.ts";
import { BadUse } from "../output/badUse.ts";
import { confirmed } from "../output/confirm.ts";
import { EXIT, type ExitCode } from "../output/exitCodes.ts";
import type { Io } from "../output/io.ts";
import { count, seconds } from "../output/numbers.ts";
import { harmless } from "../output/terminal.ts";
import { textTable } from "../output/textTable.ts";
import { longOf } from "../program/forms.ts";
import type { Given } from "../program/given.ts";
import { JOB_OPTIONS } from "../program/options.ts";
import { triedAgain } from "../progress/words.ts";
import { daysOf } from "../verbs/control.ts";
import { DOCTOR, PLAN, type Question, show, VERIFY, waiting } from "../verbs/reports.ts";
import {
  type AppCopy,
  copySchema,
  jobStandingSchema,
  reportSchema,
  resumedSchema,
  resyncedSchema,
  startedSchema,
} from "./answers.ts";
import { type AppClient, AppRefusal, appClient } from "./client.ts";
import { follow, jobOfId } from "./follow.ts";

/** Sends a verb to the app that the call names. Its jobs and settings are the app's; options stand in for them. */
export async function runOnApp(verb: string, given: Given, io: Io): Promise<ExitCode> {
  if (given.config !== undefined)
    throw new BadUse("--config is a file of this machine: with --app, name a job of the app by --job.");
  if (given.continuous)
    throw new BadUse("--continuous is for copies that run here: an app's timer runs its jobs by itself.");
  if (given.watch) throw new BadUse("--watch is for lake folders: with --app, ask for the status again.");
  refuseIgnored(verb, given);
  if (io.person && !given.json) allowInteractive({ show: (text) => io.err.write(`${text}\n`) });
  const app = appClient(given);
  switch (verb) {
    case "copy": {
      const { id } = await app.post("copies", requestOf(given), startedSchema);
      return follow(app, id, given, io);
    }
    case "plan":
      return ask(app, PLAN, given, io);
    case "verify":
      return ask(app, VERIFY, given, io);
    case "doctor":
      return ask(app, DOCTOR, given, io);
    case "status":
      return status(app, given, io);
    case "pause":
      return pause(app, given, io);
    case "resume":
      return resume(app, given, io);
    case "cancel":
      return cancel(app, given, io);
    case "resync":
      return resync(app, given, io);
    default:
      throw new BadUse(`${verb} can't be sent to an app.`);
  }
}

/** Verbs that make a job of the options; the others are about a copy that the app has already. */
const MAKING = ["copy", "plan", "verify", "doctor"];

/** An option that would change nothing is refused and not passed over: who gave it thinks that it does. */
function refuseIgnored(verb: string, given: Given): void {
  if (MAKING.includes(verb)) return;
  const ignored = JOB_OPTIONS.filter(({ flags }) => {
    const name = camelCase(longOf(flags));
    return (
      name !== "job" && Object.entries(given).some(([key, value]) => key === name && value !== undefined)
    );
  }).map(({ flags }) => longOf(flags));
  if (ignored.length === 0) return;
  throw new BadUse(
    `${ignored.join(", ")} can't be used by ${verb} with --app, which is about a copy of the app: name its job by --job.`,
  );
}

function camelCase(long: string): string {
  return long.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** What a request says of the job: its name in the app, and what the options give. Logins stay here. */
function requestOf(given: Given): object {
  const [job, second] = given.job ?? [];
  if (second !== undefined) throw new BadUse("--job: with --app, name one job.");
  return { ...definitionOf(given), ...(job === undefined ? {} : { job }) };
}

async function pause(app: AppClient, given: Given, io: Io): Promise<ExitCode> {
  const copy = await app.post(`${await newest(app, given)}/pause`, {}, copySchema);
  say(copy, `${copy.id} is to pause: what is on its way arrives first.`, given, io);
  return EXIT.done;
}

async function resume(app: AppClient, given: Given, io: Io): Promise<ExitCode> {
  const path = await newest(app, given);
  const question = `Start ${decodeURIComponent(path)} of ${app.origin} over? All its tables are copied whole once more, and take the place of what the destination holds.`;
  if (given.startOver && !(await confirmed(io, question, given.yes))) return EXIT.interrupted;
  const asked = given.startOver ? { startOver: true } : {};
  const { id, startsOver } = await app.post(`${path}/resume`, asked, resumedSchema);
  if (startsOver && !given.startOver)
    io.err.write("It starts over, as was asked for before: all its tables are copied whole once more.\n");
  return given.run ? follow(app, id, given, io) : EXIT.done;
}

async function cancel(app: AppClient, given: Given, io: Io): Promise<ExitCode> {
  const path = await newest(app, given);
  const question = `Cancel ${decodeURIComponent(path)} of ${app.origin}? What isn't shown yet is given up; what is shown stays.`;
  if (!(await confirmed(io, question, given.yes))) return EXIT.interrupted;
  const copy = await app.post(`${path}/cancel`, {}, copySchema);
  say(copy, `${copy.id} is to be cancelled.`, given, io);
  return EXIT.done;
}

async function resync(app: AppClient, given: Given, io: Io): Promise<ExitCode> {
  const { tables } = given;
  if (tables === undefined) throw new BadUse("Which tables? Give --tables with their names.");
  const path = await newest(app, given);
  const days = given.days && daysOf(given.days);
  const what =
    days === undefined ? `${tables.join(", ")} whole` : `${days.join(", ")} of ${tables.join(", ")}`;
  const question = `Copy ${what} once more, and put that in the place of what the destination holds of it?`;
  if (!(await confirmed(io, question, given.yes))) return EXIT.interrupted;
  const answer = await app.post(`${path}/resync`, { tables, ...(days ? { days } : {}) }, resyncedSchema);
  if (answer.id === null) {
    say(answer, "The copy is paused or cancelled: the tables are copied when it is resumed.", given, io);
    return EXIT.elsewhere;
  }
  return given.run ? follow(app, answer.id, given, io) : EXIT.done;
}

/**
 * The path of the newest copy that something is asked of: of the job that the call names, which may be left out where the
 * app has copied one job only. Throws BadUse where it has copied several, as the newest may be anybody's.
 */
async function newest(app: AppClient, given: Given): Promise<string> {
  const { id } = await newestCopy(app, given, (jobs) => {
    if (jobs.length > 1)
      throw new BadUse(`Which job? ${app.origin} copies ${jobs.join(", ")}: name one by --job.`);
  });
  return `copies/${encodeURIComponent(id)}`;
}

/** The newest copy, of the job that the call names or of any. `anyOf` hears of all jobs where it names none. */
async function newestCopy(
  app: AppClient,
  given: Given,
  anyOf: (jobs: readonly string[]) => void = () => undefined,
): Promise<AppCopy> {
  const [job, second] = given.job ?? [];
  if (second !== undefined) throw new BadUse("--job: with --app, name one job.");
  const copies = await app.get("copies", z.array(copySchema));
  const jobs = [...new Set(copies.map(({ id }) => jobOfId(id)))].toSorted();
  if (job === undefined) anyOf(jobs);
  const found = copies.find(({ id }) => job === undefined || id.startsWith(`copy:${job}:`));
  if (found !== undefined) return found;
  throw new Error(
    job === undefined
      ? `${app.origin} knows no copy yet.`
      : `${app.origin} knows no copy of the job ${job}. ${jobs.length === 0 ? "" : `It knows ${jobs.join(", ")}.`}`,
  );
}

async function status(app: AppClient, given: Given, io: Io): Promise<ExitCode> {
  const copy = await newestCopy(app, given);
  const held = await heldJob(app, jobOfId(copy.id));
  if (given.json) io.out.write(`${JSON.stringify(copy)}\n`);
  else {
    const lag = copy.lagSeconds === null ? "" : `; the replica is ${seconds(copy.lagSeconds)} behind`;
    const lines = [
      `${copy.id}: ${copy.state}${lag}`,
      ...(held === null ? [] : [`  ${held}`]),
      ...(copy.error === null ? [] : [`  ${harmless(copy.error)}`]),
      ...triedAgain(copy.retries, 200).map((text) => `  ${text}`),
      ...(copy.tables.length === 0
        ? []
        : textTable(copy.tables, [
            { title: "table", text: ({ name }) => name },
            { title: "state", text: ({ state }) => state },
            { title: "windows", text: ({ windows }) => `${windows.staged}/${windows.total}`, right: true },
            { title: "rows", text: ({ rows }) => count(rows), right: true },
            { title: "error", text: ({ error }) => error ?? "" },
          ])),
    ];
    io.out.write(`${lines.join("\n")}\n`);
  }
  return copy.state === "failed" ? EXIT.failed : EXIT.done;
}

/** What is to be known where a job is paused or cancelled, which its last copy doesn't tell; null where it isn't. */
async function heldJob(app: AppClient, job: string): Promise<string | null> {
  try {
    const { state } = await app.get(`jobs/${encodeURIComponent(job)}`, jobStandingSchema);
    if (!/^(?:paus|cancel)/.test(state)) return null;
    return `the job is ${state}: kusto-copy resume --app ${app.origin} --job ${job} lets it go on`;
  } catch (error) {
    // A job that is declared no more may still have copies.
    if (error instanceof AppRefusal && error.status === 404) return null;
    throw error;
  }
}

/** Between two looks at a report that is being made, milliseconds. */
const LOOK_MS = 1000;

async function ask<T>(app: AppClient, question: Question<T>, given: Given, io: Io): Promise<ExitCode> {
  const { id } = await app.post(question.route, requestOf(given), startedSchema);
  const wait = waiting(`${question.doing} at ${app.origin}`, given, io);
  try {
    for (;;) {
      const { state, error, report } = await app.get(
        `${question.route}/${encodeURIComponent(id)}`,
        reportSchema,
      );
      if (state === "succeeded") {
        wait.end();
        const answer = question.schema.parse(report);
        show(question, answer, given, io);
        return question.failed(answer) ? EXIT.failed : EXIT.done;
      }
      if (state !== "running") throw new Error(error ?? `The app's report ${state}.`);
      wait.told({ waiting: error ?? "" });
      await sleep(LOOK_MS);
    }
  } finally {
    wait.end();
  }
}

function say(answer: object, text: string, given: Given, io: Io): void {
  io.out.write(given.json ? `${JSON.stringify(answer)}\n` : `${text}\n`);
}
