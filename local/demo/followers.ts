import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { KustoClient } from "../../kusto/client.ts";
import {
  attachReportSchema,
  detachReportSchema,
  followerReportSchema,
  overrideReportSchema,
  verifyReportSchema,
} from "../../model/followers/reports.ts";
import { type Stack, startStack } from "../stack/stack.ts";
import { client } from "./compare.ts";

const id = (name: string) =>
  `/subscriptions/local/resourceGroups/demo/providers/Microsoft.Kusto/clusters/${name}`;
const LEADER = id("source");
const FOLLOWER = id("destination");

/**
 * Shares a database of one local cluster with another: attach, query, override, verify, detach, by the app's HTTP API. Exit
 * code: 0 when all went as told.
 */
export async function demoFollowers(): Promise<number> {
  const began = Date.now();
  say("Starting a leader and a follower Kusto, a resource manager, and the app.");
  const stack = await startStack({
    host: true,
    without: ["events"],
    sourceDatabases: ["Telemetry"],
    destinationDatabases: ["Own"],
    settings: { KUSTO_COPY_TICK: "0 0 0 1 1 *", KUSTO_COPY_POLL: "200ms" },
  });
  process.once("SIGINT", () => void stack.stop().then(() => process.exit(130)));
  const leader = client(stack.urls.sourceKusto);
  const follower = client(stack.urls.destinationKusto);
  try {
    const well = await story(stack, leader, follower);
    say(
      `${well ? "All went as told." : "NOT all went as told."} All took ${((Date.now() - began) / 1000).toFixed(1)} s.`,
    );
    return well ? 0 : 1;
  } finally {
    leader.close();
    follower.close();
    await stack.stop();
  }
}

async function story(stack: Stack, leader: KustoClient, follower: KustoClient): Promise<boolean> {
  const api = stack.urls.functions;
  await leader.command(
    "Telemetry",
    ".set Logs <| range n from 1 to 1000 step 1 | extend level = iff(n % 50 == 0, 'error', 'info')",
  );
  say(
    "The leader has a database Telemetry with 1,000 rows in Logs. Attaching it to the follower, as Shared:",
  );
  const attached = attachReportSchema.parse(
    await run(api, "POST", "followers", {
      follower: FOLLOWER,
      leader: LEADER,
      databases: ["Telemetry"],
      nameOverride: "Shared",
    }),
  );
  tell(attached.outcome, attached.refused);
  for (const check of attached.sharing?.databases[0]?.checks ?? [])
    say(`  ${check.side}, ${check.check}: ${check.state}, ${check.seen}`);

  const rows = await follower.query(
    "Shared",
    "Logs | summarize rows = count() by level | order by level asc",
  );
  say(`Asked at the follower, without a copy: ${rows.map((row) => `${row.rows} ${row.level}`).join(", ")}.`);
  await leader.command("Telemetry", ".append Logs <| print n = 1001, level = 'error'");
  const seen = await until(async () => (await follower.query("Shared", "Logs | count"))[0]?.Count === 1001n);
  say(seen ? "A row that came to the leader meanwhile is there too." : "A NEW ROW IS MISSING.");
  const refused = await follower.command("Shared", ".drop table Logs").then(
    () => false,
    () => true,
  );
  say(refused ? "The follower can't change it: it is read-only." : "The follower CHANGED it.");

  const asked = {
    follower: FOLLOWER,
    database: "Shared",
    caching: { database: "3d", tables: { Logs: "7d" } },
  };
  const plan = overrideReportSchema.parse(
    await run(api, "PATCH", "followers/overrides", { ...asked, planOnly: true }),
  );
  say("Its own caching, planned:");
  for (const change of plan.changes) say(`  ${change}`);
  const override = overrideReportSchema.parse(await run(api, "PATCH", "followers/overrides", asked));
  tell(override.outcome, override.errors);

  const verify = verifyReportSchema.parse(await run(api, "POST", "followers/verify", { follower: FOLLOWER }));
  say(`Seen from both sides: ${verify.sharing.verdict}.`);

  say("Detaching it:");
  const detached = detachReportSchema.parse(
    await run(api, "DELETE", "followers", { follower: FOLLOWER, databases: ["Shared"] }),
  );
  tell(detached.outcome, detached.refused);
  const gone = await follower.query("Shared", "Logs | count").then(
    () => false,
    () => true,
  );
  const kept = (await leader.query("Telemetry", "Logs | count"))[0]?.Count === 1001n;
  say(gone && kept ? "It is gone at the follower; the leader keeps its data." : "It is NOT as it should be.");
  const outcomes = [attached, override, verify, detached].every(({ outcome }) => outcome === "done");
  return outcomes && seen && refused && gone && kept;
}

const startedSchema = z.object({ statusUrl: z.string() });
const operationSchema = z.object({
  state: z.string(),
  error: z.string().nullable(),
  report: followerReportSchema.nullable(),
});

/** Asks the app for something and waits for its report. Throws with the reason where there is none. */
async function run(api: string, method: string, path: string, body: object) {
  const answer = await fetch(`${api}/api/${path}`, { method, body: JSON.stringify(body) });
  if (answer.status !== 202)
    throw new Error(`${method} /api/${path}: ${answer.status} ${await answer.text()}`);
  const { statusUrl } = startedSchema.parse(await answer.json());
  for (;;) {
    const { state, error, report } = operationSchema.parse(await (await fetch(statusUrl)).json());
    if (report !== null) return report;
    if (state !== "running") throw new Error(`${method} /api/${path}: ${state}, ${error}`);
    await sleep(100);
  }
}

/** Whether something comes true within ten seconds. */
async function until(is: () => Promise<boolean>): Promise<boolean> {
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(100)) if (await is()) return true;
  return false;
}

function tell(outcome: string, reasons: readonly string[]): void {
  say(`  ${outcome}${reasons.length === 0 ? "" : `: ${reasons.join(" ")}`}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
