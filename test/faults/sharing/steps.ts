import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { readOverrides } from "../../../kusto/followerReads.ts";
import type { FollowerReport } from "../../../model/followers/reports.ts";
import { FOLLOWER, followersApi, LEADER, type Operation, refresh } from "../../followers/support.ts";
import { SHARED, type SharingStage } from "./stage.ts";

/** What a user does, and what is true once it is done. */
export interface Step {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly body: object;
  /** Whether it needs databases that are attached, and whether it leaves such. */
  readonly ofAttached: boolean;
  readonly leavesAttached: boolean;
  /** What is not as it should be afterwards, as the services themselves show it. */
  readonly wrong: (stage: SharingStage) => Promise<string[]>;
}

const HOT_DAYS = 3;
const DAY_MS = 86_400_000;

/** In the order in which they are done: the last leaves things as the first finds them. */
export const STEPS: readonly Step[] = [
  {
    name: "attach",
    method: "POST",
    path: "followers",
    body: { follower: FOLLOWER, leader: LEADER, databases: SHARED, principals: "Replace" },
    ofAttached: false,
    leavesAttached: true,
    wrong: async (stage) => {
      const problems = await wrongNumber(stage, SHARED.length);
      await refresh(stage.stack);
      for (const database of SHARED) {
        const rows = await stage.follower.query(database, "Logs");
        if (JSON.stringify(rows) !== JSON.stringify([{ From: database }]))
          problems.push(`the follower's ${database} has ${JSON.stringify(rows)}`);
      }
      return problems;
    },
  },
  {
    name: "override",
    method: "PATCH",
    path: "followers/overrides",
    body: {
      follower: FOLLOWER,
      database: "Events",
      caching: { database: `${HOT_DAYS}d` },
      principals: { add: [{ role: "viewers", principals: ["aadapp=2;t"], notes: "Team" }] },
    },
    ofAttached: true,
    leavesAttached: true,
    wrong: async (stage) => {
      await refresh(stage.stack);
      const principals = await stage.follower.command("Events", ".show database Events principals");
      const names = principals.map((row) => String(row.PrincipalFQN));
      const { caching } = await readOverrides(stage.follower, "Events", "union");
      return [
        ...(names.filter((name) => name === "aadapp=2;t").length === 1
          ? []
          : [`the follower's principals are ${names.join(", ")}`]),
        ...(caching.database === HOT_DAYS * DAY_MS
          ? []
          : [`the follower keeps ${caching.database} ms of it in its hot cache`]),
      ];
    },
  },
  {
    name: "detach",
    method: "DELETE",
    path: "followers",
    body: { follower: FOLLOWER, databases: ["*"] },
    ofAttached: true,
    leavesAttached: false,
    wrong: async (stage) => {
      const problems = await wrongNumber(stage, 0);
      const databases = await stage.follower.command("Own", ".show databases | project DatabaseName");
      const names = databases.map((row) => String(row.DatabaseName)).filter((name) => name !== "Own");
      if (names.length > 0) problems.push(`the follower has databases ${names.join(", ")} still`);
      return problems;
    },
  },
];

async function wrongNumber(stage: SharingStage, wanted: number): Promise<string[]> {
  const names = await stage.attached();
  return names.length === wanted ? [] : [`${names.length} configurations are there: ${names.join(", ")}`];
}

/** How often a step is asked for again, and from which time on nothing strikes any more. */
const TRIES = 5;
const CALM_FROM = 4;

/** Does a step until it is done, as a user would who reads what it answers. Answers what of the promise is broken. */
export async function untilDone(stage: SharingStage, step: Step, calm: () => void): Promise<string[]> {
  const problems: string[] = [];
  for (let tries = 1; tries <= TRIES; tries++) {
    if (tries === CALM_FROM) calm();
    const operation = await followed(stage, step);
    // Its task hub was lost, and it with it.
    if (operation === undefined) continue;
    if (operation.report?.outcome === "done") return [...problems, ...(await step.wrong(stage))];
    if (reasonsOf(operation).length === 0)
      problems.push(`${step.name} ended ${operation.state} without a reason`);
  }
  return [...problems, `${step.name} was not done after ${TRIES} times`];
}

function reasonsOf({ error, report }: Operation): string[] {
  return [...(error === null ? [] : [error]), ...(report === null ? [] : reasonsIn(report))];
}

function reasonsIn(report: FollowerReport): string[] {
  const errors = (each: { error: string | null }) => (each.error === null ? [] : [each.error]);
  switch (report.operation) {
    case "attach":
      return [
        ...report.refused,
        ...report.databases.flatMap(errors),
        ...(report.sharing === null ? [] : [report.sharing.verdict]),
      ];
    case "detach":
      return [...report.refused, ...report.detached.flatMap(errors)];
    case "override":
      return [...report.errors];
    case "verify":
      return [report.sharing.verdict];
  }
}

/** How long a step may take, milliseconds. */
const PATIENCE_MS = 120_000;

/** Asks for a step and follows it to its end, over restarts of the app too. Undefined where the app doesn't know it any more. */
async function followed(stage: SharingStage, step: Step): Promise<Operation | undefined> {
  const end = Date.now() + PATIENCE_MS;
  let path: string | undefined;
  while (Date.now() < end) {
    try {
      const url = await stage.app.url();
      const api = followersApi(url);
      if (path === undefined) {
        path = new URL(await api.begun(step.method, step.path, step.body)).pathname;
      } else {
        const answer = await fetch(`${url}${path}`);
        if (answer.status === 404) return undefined;
        const operation = await api.look(`${url}${path}`);
        if (operation.state !== "running") return operation;
      }
    } catch (error) {
      // The app is being killed, and asked again when it is there.
      if (error instanceof z.ZodError || error instanceof SyntaxError) throw error;
    }
    await sleep(50);
  }
  throw new Error(`${step.name} was running still after ${PATIENCE_MS / 1000} s.`);
}
