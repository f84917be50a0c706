import { type Cluster, readCluster } from "../../followers/clusterFacts.ts";
import { listFollowers } from "../../followers/leaderSide.ts";
import { readDatabaseModes, readTableNames, tryQuery } from "../../kusto/followerReads.ts";
import { chunked } from "../../model/chunked.ts";
import { describe } from "../../model/errors.ts";
import { sameResource } from "../../model/followers/clusterResource.ts";
import {
  databasesOf,
  judgeAttachment,
  type SharingReport,
  type Sights,
  type Told,
  worstState,
} from "../../model/followers/verification.ts";
import type { Answer } from "../contract.ts";
import { answer } from "../outcome.ts";
import { followerClient, resourceManager } from "./clusters.ts";
import type { VerifySharedInput } from "./contract.ts";

/** Databases that are asked at a time. */
const AT_ONCE = 8;

/** What of the verification needs no time: the report is dated by the orchestration. */
export type SharedFound = Omit<SharingReport, "at">;

/**
 * Looks whether databases are shared, from both sides (`follower.md`). Only the follower has to be readable at the resource
 * manager: what else can't be seen is told in the report.
 */
export function verifyShared(input: VerifySharedInput): Promise<Answer<SharedFound>> {
  return answer(async () => {
    const manager = resourceManager();
    const follower = await readCluster(manager, input.follower);
    const attachments = follower.attachments.filter((each) => isMeant(input, each));
    const leaders = await Promise.all(
      [...new Set(attachments.map(({ leader }) => leader.toLowerCase()))].map(async (id) => ({
        id,
        followers: await told(() => listFollowers(manager, id)),
        databases: await told(async () =>
          (await readCluster(manager, id)).databases.filter((each) => !each.follows).map(({ name }) => name),
        ),
      })),
    );
    const wanted = input.databases?.map((name) => name.toLowerCase());
    const meant = (name: string) => wanted?.includes(name.toLowerCase()) ?? true;
    const expected = attachments.flatMap((each) => databasesOf(each, { follower, leaders }));
    const names = expected.map(({ name }) => name).filter(meant);
    const sights = { follower, leaders, ...(await asked(follower, names, attachments)) };
    const databases = attachments
      .flatMap((each) => judgeAttachment(each, sights))
      .filter(({ name }) => meant(name));
    const missing = [
      ...(input.databases ?? []).filter((name) => !expected.some((each) => isName(each.name, name))),
      ...(input.configurations ?? []).filter((name) => !attachments.some((each) => isName(each.name, name))),
    ].map((name) => `${name} is not attached to ${follower.id}. Attach it.`);
    const all = input.databases === undefined && input.configurations === undefined;
    if (all && attachments.length === 0)
      missing.push(
        `${follower.id} has nothing attached${input.leader === undefined ? "" : ` of ${input.leader}`}. Attach it.`,
      );
    const verdict = missing.length > 0 ? "failed" : worstState(databases.map(({ state }) => state));
    return { follower: follower.id, verdict, databases, missing };
  });
}

function isMeant(input: VerifySharedInput, each: Cluster["attachments"][number]): boolean {
  if (input.leader !== undefined && !sameResource(each.leader, input.leader)) return false;
  return input.configurations?.some((name) => isName(name, each.name)) ?? true;
}

/** What the follower's own endpoint says: what it has, and whether that answers. */
async function asked(
  follower: Cluster,
  names: readonly string[],
  attachments: Cluster["attachments"],
): Promise<Pick<Sights, "served" | "queried" | "tables">> {
  if (follower.uri === "")
    return { served: { reason: `Cluster ${follower.id} has no query endpoint.` }, queried: [], tables: [] };
  const client = followerClient(follower.uri);
  const served = await told(() => readDatabaseModes(client));
  const there = names.filter(
    (name) => "reason" in served || served.told.some((each) => isName(each.name, name)),
  );
  const sharing = attachments.some((each) => each.sharing !== undefined);
  const queried: { name: string; problem: string | null }[] = [];
  const tables: { name: string; tables: readonly string[] }[] = [];
  for (const some of chunked(there, AT_ONCE)) {
    await Promise.all(
      some.map(async (name) => {
        const tried = await told(() => tryQuery(client, name));
        queried.push({ name, problem: "reason" in tried ? tried.reason : null });
        if (!sharing) return;
        const shown = await told(() => readTableNames(client, name));
        if ("told" in shown) tables.push({ name, tables: shown.told });
      }),
    );
  }
  return { served, queried, tables };
}

async function told<T>(ask: () => Promise<T>): Promise<Told<T>> {
  try {
    return { told: await ask() };
  } catch (error) {
    return { reason: describe(error) };
  }
}

function isName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
