import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Stack } from "../../local/stack/stack.ts";
import {
  attachReportSchema,
  detachReportSchema,
  followerReportSchema,
  overrideReportSchema,
  verifyReportSchema,
} from "../../model/followers/reports.ts";

export const clusterId = (name: string) =>
  `/subscriptions/sub/resourceGroups/rg/providers/Microsoft.Kusto/clusters/${name}`;
export const FOLLOWER = clusterId("destination");
export const LEADER = clusterId("source");
export const LEADER2 = clusterId("leader2");

const operationSchema = z.object({
  id: z.string(),
  state: z.string(),
  error: z.string().nullable(),
  progress: z.looseObject({}).nullable(),
  report: followerReportSchema.nullable(),
});
export type Operation = z.infer<typeof operationSchema>;

/** The routes about followers of a host, as a program uses them. */
export function followersApi(host: string) {
  const send = (method: string, path: string, body?: object) =>
    fetch(`${host}/api/${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const look = async (url: string): Promise<Operation> =>
    operationSchema.parse(await (await fetch(url)).json());
  const begun = async (method: string, path: string, body: object): Promise<string> => {
    const answer = await send(method, path, body);
    if (answer.status !== 202) throw new Error(`${answer.status}: ${await answer.text()}`);
    return z.object({ statusUrl: z.string() }).parse(await answer.json()).statusUrl;
  };
  const ended = async (url: string): Promise<Operation> => {
    for (let looks = 0; looks < 600; looks++) {
      const operation = await look(url);
      if (operation.state !== "running") return operation;
      await sleep(50);
    }
    throw new Error(`${url} doesn't end.`);
  };
  const reported = async <T>(
    schema: z.ZodType<T>,
    method: string,
    path: string,
    body: object,
  ): Promise<T> => {
    const operation = await ended(await begun(method, path, body));
    if (operation.state !== "succeeded") throw new Error(`${operation.state}: ${operation.error}`);
    return schema.parse(operation.report);
  };
  return {
    send,
    begun,
    look,
    ended,
    attach: (body: object) => reported(attachReportSchema, "POST", "followers", body),
    verify: (body: object) => reported(verifyReportSchema, "POST", "followers/verify", body),
    override: (body: object) => reported(overrideReportSchema, "PATCH", "followers/overrides", body),
    detach: (body: object) => reported(detachReportSchema, "DELETE", "followers", body),
  };
}
export type FollowersApi = ReturnType<typeof followersApi>;

/** A request of the local resource manager's own: `faults`, `clusters`, `followers`. */
export async function atArm(stack: Stack, method: string, path: string, body?: object): Promise<void> {
  const answer = await fetch(`${stack.urls.arm}/local/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
}

/** Takes all away that the follower has attached. */
export async function detachAll(api: FollowersApi): Promise<void> {
  await api.detach({ follower: FOLLOWER, databases: ["*"] });
}

/** The follower reads its leaders now, instead of in two seconds. */
export async function refresh(stack: Stack): Promise<void> {
  await fetch(`${stack.urls.destinationKusto}/local/following/refresh`, { method: "POST" });
}
