import { allowInteractive } from "../../kusto/credentials.ts";
import type { Detached } from "../../model/followers/detach.ts";
import { planDetachAtFollower, planDetachAtLeader } from "../../model/followers/detach.ts";
import type { OverrideRequest } from "../../model/followers/overrides.ts";
import type { FollowerReport } from "../../model/followers/reports.ts";
import { BadUse } from "../output/badUse.ts";
import { confirmed } from "../output/confirm.ts";
import { EXIT, type ExitCode } from "../output/exitCodes.ts";
import type { Io } from "../output/io.ts";
import { hasColours, painter } from "../output/terminal.ts";
import type { Given } from "../program/given.ts";
import { listenForStop } from "../runtime/stop.ts";
import { type Asker, askApp, askHere, type FollowerOperation } from "./asker.ts";
import { followedLines, followersLines, lostText, reportLines } from "./lines.ts";
import type { FollowGiven } from "./options.ts";
import { showProgress } from "./progress.ts";
import { attachRequest, detachRequest, overrideRequest, verifyRequest } from "./requests.ts";

export type FollowVerb = "attach" | "list" | "verify" | "override" | "detach";

interface Call {
  readonly given: Given;
  readonly io: Io;
  readonly asker: Asker;
  readonly stopped: Promise<null>;
}

/** Runs a verb about followers, here or at the app that the call names. */
export async function runFollow(
  verb: FollowVerb,
  follow: FollowGiven,
  given: Given,
  io: Io,
): Promise<ExitCode> {
  // What is wrong with the call is said before anybody is asked to log in.
  const act = actionOf(verb, follow);
  const asker = await askerOf(given, io);
  const stop = listenForStop(() => undefined);
  const stopped = new Promise<null>((resolve) => stop.signal.addEventListener("abort", () => resolve(null)));
  try {
    return await act({ given, io, asker, stopped });
  } finally {
    stop.release();
    asker.stop();
  }
}

async function askerOf(given: Given, io: Io): Promise<Asker> {
  if (given.app === undefined) {
    const { prepareEnvironment } = await import("../jobs/environment.ts");
    await prepareEnvironment(given);
    return askHere();
  }
  if (io.person && !given.json) allowInteractive({ show: (text) => io.err.write(`${text}\n`) });
  const { appClient } = await import("../app/client.ts");
  return askApp(appClient(given));
}

function actionOf(verb: FollowVerb, follow: FollowGiven): (call: Call) => Promise<ExitCode> {
  switch (verb) {
    case "attach": {
      const request = attachRequest(follow);
      return (call) => operate(call, "attach", request);
    }
    case "verify": {
      const request = verifyRequest(follow);
      return (call) => operate(call, "verify", request);
    }
    case "override": {
      const request = overrideRequest(follow);
      return (call) => override(call, request);
    }
    case "detach": {
      detachRequest(follow);
      return (call) => detach(call, follow);
    }
    case "list":
      if ((follow.follower === undefined) === (follow.leader === undefined))
        throw new BadUse("Give --follower to list what it follows, or --leader to list who follows it.");
      return (call) => list(call, follow);
  }
}

async function operate(call: Call, operation: FollowerOperation, request: object): Promise<ExitCode> {
  const report = await runOperation(call, operation, request);
  if (report === null) return EXIT.interrupted;
  show(call, report);
  return report.outcome === "done" || report.outcome === "planned" ? EXIT.done : EXIT.failed;
}

/** Runs an operation; null where the person stopped it, whose part that was sent goes on in Azure. */
async function runOperation(
  { given, io, asker, stopped }: Call,
  operation: FollowerOperation,
  request: object,
): Promise<FollowerReport | null> {
  const progress = showProgress(given, io);
  try {
    const report = await Promise.race([asker.run(operation, request, progress.told), stopped]);
    progress.end();
    if (report === null)
      io.err.write("What was sent already is done by Azure. Send the same command again to go on.\n");
    return report;
  } finally {
    progress.end();
  }
}

/** The plan is shown first; where it means what is seldom meant, the person is asked. */
async function override(call: Call, request: OverrideRequest): Promise<ExitCode> {
  if (request.planOnly) return operate(call, "override", request);
  const plan = await runOperation(call, "override", { ...request, planOnly: true });
  if (plan === null) return EXIT.interrupted;
  if (plan.operation === "override" && plan.changes.length > 0 && plan.warnings.length > 0) {
    if (!call.given.json) show(call, plan);
    const question = `${plan.warnings.join(" ")} Set these overrides?`;
    if (!(await confirmed(call.io, question, call.given.yes))) return EXIT.interrupted;
  }
  return operate(call, "override", request);
}

async function detach(call: Call, follow: FollowGiven): Promise<ExitCode> {
  const { asker, io, given } = call;
  const request = detachRequest(follow);
  const lost = await lostBy(asker, follow);
  if (lost.length > 0) {
    const what = lost.map(lostText).join("; ");
    const question = `Detach ${what}? Users lose the databases there at once; the leader keeps its data.`;
    if (!(await confirmed(io, question, given.yes))) return EXIT.interrupted;
  }
  return operate(call, "detach", request);
}

/** What users would lose; nothing where it is refused, which the operation then tells. */
async function lostBy(asker: Asker, follow: FollowGiven): Promise<readonly Detached[]> {
  const request = detachRequest(follow);
  if (request.side === "leader")
    return planDetachAtLeader(request, (await asker.followers(request.leader ?? "")).followers).targets;
  const { follower, attachments } = await asker.followed(request.follower ?? "");
  const databases = attachments.flatMap((each) =>
    each.databases.map(({ name }) => ({ name, follows: true, configuration: each.name })),
  );
  return planDetachAtFollower(request, { id: follower.id, attachments, databases }).targets;
}

async function list({ asker, given, io, stopped }: Call, follow: FollowGiven): Promise<ExitCode> {
  const lines = async (): Promise<{ json: object; lines: string[] }> => {
    if (follow.follower !== undefined) {
      const followed = await asker.followed(follow.follower);
      return { json: followed, lines: followedLines(followed) };
    }
    const followers = await asker.followers(follow.leader ?? "");
    return { json: followers, lines: followersLines(followers) };
  };
  const shown = await Promise.race([lines(), stopped]);
  if (shown === null) return EXIT.interrupted;
  io.out.write(given.json ? `${JSON.stringify(shown.json)}\n` : `${shown.lines.join("\n")}\n`);
  return EXIT.done;
}

function show({ given, io }: Call, report: FollowerReport): void {
  if (given.json) io.out.write(`${JSON.stringify(report)}\n`);
  else io.out.write(`${reportLines(report, painter(hasColours(io.out))).join("\n")}\n`);
}
