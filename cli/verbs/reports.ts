import type { z } from "zod";
import { describe } from "../../model/errors.ts";
import type { Job } from "../../model/job.ts";
import { checkupReportSchema } from "../../model/reports/checkup.ts";
import { planReportSchema } from "../../model/reports/plan.ts";
import { verificationReportSchema } from "../../model/reports/verification.ts";
import { readJobs } from "../jobs/readJobs.ts";
import { readTargets } from "../jobs/targets.ts";
import { BadUse } from "../output/badUse.ts";
import { EXIT, type ExitCode, worst } from "../output/exitCodes.ts";
import { createFrame } from "../output/frame.ts";
import type { Io } from "../output/io.ts";
import { seconds } from "../output/numbers.ts";
import { canRedraw, harmless, hasColours, type Painter, painter } from "../output/terminal.ts";
import type { Given } from "../program/given.ts";
import { runStatus } from "../progress/figures.ts";
import { callWords } from "../progress/verbose.ts";
import { ask, QUESTIONS } from "../runtime/ask.ts";
import { startRuntime } from "../runtime/runtime.ts";
import { listenForStop } from "../runtime/stop.ts";
import { checkupLines, planLines, verificationLines } from "./reportLines.ts";

/** How a report is made, shown, and turned into an exit code. */
export interface Question<T> {
  readonly orchestration: string;
  /** The route of a deployed app that makes it. */
  readonly route: string;
  readonly schema: z.ZodType<T>;
  readonly doing: string;
  readonly lines: (report: T, paint: Painter) => string[];
  readonly failed: (report: T) => boolean;
}

export const PLAN: Question<z.infer<typeof planReportSchema>> = {
  orchestration: QUESTIONS.plan,
  route: "plans",
  schema: planReportSchema,
  doing: "Planning",
  lines: planLines,
  failed: ({ totals }) => totals.refused > 0,
};

export const VERIFY: Question<z.infer<typeof verificationReportSchema>> = {
  orchestration: QUESTIONS.verify,
  route: "verifications",
  schema: verificationReportSchema,
  doing: "Comparing source and destination",
  lines: verificationLines,
  failed: ({ verdict }) => verdict !== "equal",
};

export const DOCTOR: Question<z.infer<typeof checkupReportSchema>> = {
  orchestration: QUESTIONS.doctor,
  route: "checks",
  schema: checkupReportSchema,
  doing: "Checking",
  lines: checkupLines,
  failed: ({ verdict }) => verdict === "failed",
};

/** The jobs of a call; a lake folder alone is enough where the job that ran there last is meant. */
export async function jobsOf(given: Given): Promise<Job[]> {
  const targets = await readTargets(given).catch((error: unknown) => {
    if (error instanceof BadUse) throw error;
    // The folder can't be read: what the report then says of it is worth more than this.
    return null;
  });
  const jobs = targets?.flatMap(({ job }) => (job === null ? [] : [job])) ?? [];
  return jobs.length > 0 ? jobs : readJobs(given);
}

/** Asks about each job, one after the other, and shows what is answered. */
export async function report<T>(question: Question<T>, given: Given, io: Io): Promise<ExitCode> {
  const jobs = await jobsOf(given);
  const stop = listenForStop(() => undefined);
  const verbose = (text: string): void => void io.err.write(`${harmless(text)}\n`);
  const runtime = await startRuntime(
    given.verbose
      ? { onCall: (call) => verbose(callWords(call).text), onLog: (_, text) => verbose(text) }
      : {},
  );
  // Nothing is changed by a question, so that there is nothing to wait for at Ctrl-C.
  const stopped = new Promise<null>((resolve) => stop.signal.addEventListener("abort", () => resolve(null)));
  const codes: ExitCode[] = [];
  try {
    for (const job of jobs) {
      const wait = waiting(`${question.doing} ${job.name}`, given, io);
      try {
        const answer = await Promise.race([
          ask(runtime, question.orchestration, job, question.schema, wait.told),
          stopped,
        ]);
        if (answer === null) return EXIT.interrupted;
        wait.end();
        show(question, answer, given, io);
        codes.push(question.failed(answer) ? EXIT.failed : EXIT.done);
      } catch (error) {
        wait.end();
        io.err.write(`kusto-copy: ${job.name}: ${describe(error)}\n`);
        codes.push(EXIT.failed);
      } finally {
        wait.end();
      }
    }
  } finally {
    runtime.stop();
    stop.release();
  }
  return worst(codes);
}

export function show<T>(question: Question<T>, answer: T, given: Given, io: Io): void {
  if (given.json) io.out.write(`${JSON.stringify(answer)}\n`);
  else io.out.write(`${question.lines(answer, painter(hasColours(io.out))).join("\n")}\n`);
}

/** Says on a terminal that something is being done, for how long, and what it waits for. */
export function waiting(
  what: string,
  given: Given,
  io: Io,
): { told: (status: unknown) => void; end: () => void } {
  if (given.json || !given.progress || !canRedraw(io.err))
    return { told: () => undefined, end: () => undefined };
  const frame = createFrame(io.err);
  const began = Date.now();
  let why = "";
  const draw = (): void =>
    frame.draw([
      `${what} … ${seconds((Date.now() - began) / 1000)}${why === "" ? "" : `, waiting: ${harmless(why)}`}`,
    ]);
  draw();
  const timer = setInterval(draw, 1000);
  return {
    told: (status) => {
      why = runStatus(status).waiting ?? "";
    },
    end: () => {
      clearInterval(timer);
      frame.clear();
    },
  };
}
