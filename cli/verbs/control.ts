import { askFor, askResync, askStartOver, readControl } from "../../lake/control.ts";
import { mayStartOver, type StartOver, waitingStartOver } from "../../model/control.ts";
import type { Job } from "../../model/job.ts";
import { readDays, refusedDays } from "../../model/resyncedDays.ts";
import { resyncedTables } from "../../model/resyncedTables.ts";
import { readTargets, type Target } from "../jobs/targets.ts";
import { BadUse } from "../output/badUse.ts";
import { confirmed } from "../output/confirm.ts";
import type { CopyEvent } from "../output/events.ts";
import { EXIT, type ExitCode, worst } from "../output/exitCodes.ts";
import type { Io } from "../output/io.ts";
import type { Given } from "../program/given.ts";
import { runAtWork, whoAsks } from "../runtime/atWork.ts";
import { copyJobs } from "./copy.ts";

/*
 * Verbs that ask something of a copy, by its lake folder: a run of the app or of another machine sees it at its next
 * look. Resume, resync and cancel then do here what no run is at work to do.
 */

type Asked = Extract<CopyEvent, { event: "asked" }>;

/** The copies of a call. Throws BadUse for a folder without a log, as a mistyped one is. */
async function knownCopies(given: Given): Promise<Target[]> {
  const targets = await readTargets(given);
  const empty = targets.find(({ state }) => state.next === 0);
  if (empty !== undefined)
    throw new BadUse(`The lake folder ${empty.lake.url} holds no copy. Check --lake, or start a copy in it.`);
  return targets;
}

export async function pauseCopies(given: Given, io: Io): Promise<ExitCode> {
  for (const target of await knownCopies(given)) {
    const startOver = waitingOf(target, await askFor(target.lake, "pause", whoAsks()));
    const atWork = await runAtWork(target.lake, target.state);
    const stands =
      atWork === undefined
        ? "No run is at work; none begins until kusto-copy resume."
        : `The run ${atWork.instance} finishes what is on its way, and ends. kusto-copy resume lets the copy go on.`;
    told(
      target,
      "pause",
      startOver === undefined ? stands : `${stands} ${stillStartsOver(startOver)}`,
      given,
      io,
    );
  }
  return EXIT.done;
}

export async function resumeCopies(given: Given, io: Io): Promise<ExitCode> {
  const targets = await knownCopies(given);
  if (given.startOver && !(await startsOver(targets, given, io))) return declined(io);
  for (const target of targets) {
    const { tables } = resyncedTables(target.state, ["*"]);
    if (given.startOver) {
      await askStartOver(target.lake, tables, whoAsks(), target.state.resyncs);
      told(target, "resume", startOverText(tables), given, io);
      continue;
    }
    const waiting = waitingOf(target, await askFor(target.lake, "run", whoAsks()));
    const going = given.run ? "The copy may go on." : "The copy may go on: its next run does.";
    told(target, "resume", waiting === undefined ? going : waitingText(waiting), given, io);
  }
  return runHere(targets, given, io);
}

/** A request to start over, unless a run has taken it in. */
function waitingOf({ state }: Target, startOver: StartOver | undefined): StartOver | undefined {
  return waitingStartOver({ startOver }, state);
}

function stillStartsOver({ by, at }: StartOver): string {
  return `It then starts over, as was asked for (${by}, ${at}); kusto-copy cancel withdraws that.`;
}

function waitingText({ tables, by, at }: StartOver): string {
  return `The copy may go on, and starts over, as was asked for before (${by}, ${at}): ${areCopied(tables)}`;
}

/** Whether copies are to start over. Throws BadUse for one that is neither paused nor cancelled. */
async function startsOver(targets: readonly Target[], given: Given, io: Io): Promise<boolean> {
  for (const { lake, name, state } of targets) {
    if (!mayStartOver(await readControl(lake), state))
      throw new BadUse(
        `${name} is neither paused nor cancelled, and goes on where it stands. To copy all its tables whole once more: kusto-copy resync --tables "*".`,
      );
  }
  const names = targets.map(({ name }) => name).join(", ");
  const question = `Start ${names} over? All its tables are copied whole once more, and take the place of what the destination holds.`;
  return confirmed(io, question, given.yes);
}

function startOverText(tables: readonly string[]): string {
  return tables.length === 0
    ? "The copy may go on; it knows no table yet, and begins."
    : `The copy starts over: ${areCopied(tables)}`;
}

function areCopied(tables: readonly string[]): string {
  return `${tables.join(", ")} ${tables.length === 1 ? "is" : "are"} copied whole once more.`;
}

export async function cancelCopies(given: Given, io: Io): Promise<ExitCode> {
  const targets = await knownCopies(given);
  const names = targets.map(({ name }) => name).join(", ");
  const question = `Cancel ${names}? What isn't shown yet is given up; what is shown stays.`;
  if (!(await confirmed(io, question, given.yes))) return declined(io);
  const left: Target[] = [];
  for (const target of targets) {
    const startOver = waitingOf(target, await askFor(target.lake, "cancel", whoAsks()));
    const atWork = await runAtWork(target.lake, target.state);
    const open = target.state.open.forward ?? target.state.open.backfill;
    if (atWork === undefined && open !== undefined) left.push(target);
    const stands =
      atWork !== undefined
        ? `The run ${atWork.instance} gives up what isn't shown, and ends.`
        : open !== undefined
          ? "No run is at work: what an earlier one left open is given up here."
          : "No run is at work, and nothing is open; none begins by itself until kusto-copy resume.";
    const withdrawn =
      startOver === undefined
        ? ""
        : ` It doesn't start over any more, as was asked for (${startOver.by}, ${startOver.at}).`;
    told(target, "cancel", `${stands}${withdrawn}`, given, io);
  }
  return left.length === 0 ? EXIT.done : runHere(left, { ...given, continuous: false }, io, true);
}

export async function resyncCopies(given: Given, io: Io): Promise<ExitCode> {
  const targets = await readTargets(given);
  const wanted = targets
    .map((target) => ({ target, tables: resyncedTables(target.state, given.tables ?? []).tables }))
    .filter(({ tables }) => tables.length > 0);
  if (wanted.length === 0)
    throw new BadUse(
      given.tables === undefined
        ? "Which tables? Give --tables with their names; `*` stands for any characters."
        : `The checkpoint log knows no table of that name. ${knownTables(targets)}`,
    );
  const days = given.days && daysOf(given.days);
  const refusals = wanted.flatMap(({ target, tables }) =>
    days === undefined ? [] : refusedDays(target.state, tables, days, new Date()),
  );
  if (refusals.length > 0) throw new BadUse(refusals.map(({ detail }) => detail).join(" "));
  const what = days === undefined ? "whole" : `in the rows of ${days.join(", ")}`;
  const list = wanted.map(({ target, tables }) => `${tables.join(", ")} of ${target.name}`).join("; ");
  const question =
    days === undefined
      ? `Copy ${list} whole once more, and put that in the place of what the destination holds?`
      : `Copy ${days.join(", ")} of ${list} once more, and put that in the place of what the destination holds of it?`;
  if (!(await confirmed(io, question, given.yes))) return declined(io);
  for (const { target, tables } of wanted) {
    const id = await askResync(target.lake, tables, whoAsks(), days);
    told(
      target,
      "resync",
      `Asked for ${tables.join(", ")} to be copied ${what} once more (request ${id}).`,
      given,
      io,
    );
  }
  return runHere(
    wanted.map(({ target }) => target),
    given,
    io,
  );
}

/** The days of --days. Throws BadUse that names each that can't be read. */
export function daysOf(given: readonly string[]): string[] {
  const { days, problems } = readDays(given);
  if (problems.length > 0) throw new BadUse(`--days: ${problems.map(({ detail }) => detail).join(" ")}`);
  return days;
}

function knownTables(targets: readonly Target[]): string {
  const names = targets.flatMap(({ state }) => Object.keys(state.tables)).toSorted();
  return names.length === 0 ? "It knows none yet." : `It knows ${names.slice(0, 20).join(", ")}.`;
}

/**
 * Runs what was asked for, where no other run is at work to do it. Says so where the copy is paused or cancelled, as
 * nothing is done before it is resumed then.
 */
async function runHere(
  targets: readonly Target[],
  given: Given,
  io: Io,
  cancelling = false,
): Promise<ExitCode> {
  const jobs: Job[] = [];
  let held = false;
  for (const target of targets) {
    const { job, lake, state, name } = target;
    const [atWork, control] = await Promise.all([runAtWork(lake, state), readControl(lake)]);
    if (!cancelling && control.wanted !== "run") {
      held = true;
      const stands = control.wanted === "pause" ? "paused" : "cancelled";
      told(
        target,
        "left",
        `The copy is ${stands}: this is done when kusto-copy resume lets it go on.`,
        given,
        io,
      );
    } else if (!given.run) continue;
    else if (atWork !== undefined) {
      told(target, "left", `The run ${atWork.instance} is at work in the folder, and sees to it.`, given, io);
    } else if (job === null) {
      throw new BadUse(
        `${name}: nothing was copied into this folder yet, so that it doesn't say what to copy: give --source, --destination and --db.`,
      );
    } else jobs.push(job);
  }
  const code =
    jobs.length === 0 ? EXIT.done : await copyJobs(jobs, given, io, cancelling ? "cancel" : "asked");
  return worst([code, held && given.run ? EXIT.elsewhere : EXIT.done]);
}

function declined(io: Io): ExitCode {
  io.err.write("Nothing was asked for.\n");
  return EXIT.interrupted;
}

/** Says what was asked, as a line or as a JSON object. */
function told({ name, lake }: Target, verb: Asked["verb"], text: string, given: Given, io: Io): void {
  const event: Asked = {
    event: "asked",
    at: new Date().toISOString(),
    job: name,
    verb,
    lake: lake.url,
    text,
  };
  io.out.write(given.json ? `${JSON.stringify(event)}\n` : `${name}: ${text}\n`);
}
