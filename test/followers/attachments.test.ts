import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ResourceManager } from "../../followers/armClient.ts";
import {
  beginAttach,
  beginDetach,
  beginDetachFollower,
  lookAtAttach,
  type OperationState,
} from "../../followers/attachments.ts";
import { readCluster } from "../../followers/clusterFacts.ts";
import { listFollowers } from "../../followers/leaderSide.ts";
import { startResourceManager } from "../../local/arm/server.ts";
import { attachRequestSchema } from "../../model/followers/attachment.ts";
import { planAttachments } from "../../model/followers/planAttachments.ts";
import { type Cluster, startCluster } from "../local/kusto/engine/cluster.ts";
import { type FollowerCluster, startFollower } from "../local/kusto/following/support.ts";

const id = (name: string) =>
  `/subscriptions/sub/resourceGroups/rg/providers/Microsoft.Kusto/clusters/${name}`;

describe("attached databases over the resource manager", () => {
  let leader: Cluster;
  let follower: FollowerCluster;
  let local: Awaited<ReturnType<typeof startResourceManager>>;
  let manager: ResourceManager;

  beforeAll(async () => {
    [leader, follower] = await Promise.all([
      startCluster("--databases", "Events,More"),
      startFollower("--databases", "Own"),
    ]);
    await leader.command(".set Logs <| print a = 1", "Events");
    local = await startResourceManager({
      port: 0,
      clusters: [
        { name: "leader", url: leader.url },
        { name: "follower", url: follower.url },
      ],
      operationMs: 50,
    });
    manager = { endpoint: local.url, credential: { getToken: async () => null } };
  });
  afterAll(async () => {
    await local.close();
    await Promise.all([leader.stop(), follower.stop()]);
  });
  afterEach(async () => {
    await ask("DELETE", "faults");
  });

  async function ask(method: string, path: string, body?: object): Promise<void> {
    const answer = await fetch(`${local.url}/local/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(await answer.text());
  }

  /** Looks at an operation until it is done, each time as another process would: from the text alone. */
  async function done(first: OperationState, again: (operation: string) => Promise<OperationState>) {
    let state = first;
    for (let looks = 0; state.kind === "running"; looks++) {
      if (looks > 200) throw new Error("The operation doesn't end.");
      state = await again(state.operation);
    }
  }

  async function planned(more: object = {}) {
    const request = attachRequestSchema.parse({
      follower: id("follower"),
      leader: id("leader"),
      databases: ["Events"],
      ...more,
    });
    const [from, to] = await Promise.all([
      readCluster(manager, request.leader),
      readCluster(manager, request.follower),
    ]);
    return { plan: planAttachments(request, from, to), location: to.location };
  }

  it("are attached, seen from both sides, kept when asked for again, and gone after detaching", async () => {
    const { plan, location } = await planned({ sharing: { tablesToInclude: ["Logs"] } });
    expect(plan.refused).toEqual([]);
    const attachment = plan.planned[0]?.attachment;
    if (!attachment) throw new Error("Nothing was planned.");
    const to = id("follower");
    await done(await beginAttach(manager, to, location, attachment), (operation) =>
      lookAtAttach(manager, to, location, attachment, operation),
    );
    const cluster = await readCluster(manager, to);
    expect(cluster.databases).toContainEqual({
      name: "Events",
      follows: true,
      leader: expect.stringMatching(/clusters\/leader$/),
      configuration: attachment.name,
      originalName: "Events",
    });
    expect(cluster.attachments).toMatchObject([
      { ...attachment, attached: ["Events"], provisioningState: "Succeeded" },
    ]);
    expect(await listFollowers(manager, id("leader"))).toMatchObject([
      { isCluster: true, configuration: attachment.name, database: "Events" },
    ]);
    expect(await follower.queryIn("Events", "Logs | count")).toEqual([{ Count: 1 }]);
    const again = await planned({ sharing: { tablesToInclude: ["Logs"] } });
    expect(again.plan.planned.map((each) => each.action)).toEqual(["keep"]);
    const changed = await planned({ principals: "Replace" });
    expect(changed.plan.planned).toMatchObject([{ action: "change", attachment: { name: attachment.name } }]);

    await done(await beginDetach(manager, to, attachment.name), (operation) =>
      beginDetach(manager, to, attachment.name, operation),
    );
    expect((await readCluster(manager, to)).attachments).toEqual([]);
    // Gone already is done.
    expect(await beginDetach(manager, to, attachment.name)).toEqual({ kind: "done" });
  });

  it("are detached from the leader's side too", async () => {
    const { plan, location } = await planned();
    const attachment = plan.planned[0]?.attachment;
    if (!attachment) throw new Error("Nothing was planned.");
    const to = id("follower");
    await done(await beginAttach(manager, to, location, attachment), (operation) =>
      lookAtAttach(manager, to, location, attachment, operation),
    );
    const followed = { follower: to, configuration: attachment.name };
    await done(await beginDetachFollower(manager, id("leader"), followed), (operation) =>
      beginDetachFollower(manager, id("leader"), followed, operation),
    );
    expect((await readCluster(manager, to)).attachments).toEqual([]);
  });

  it("that are refused say so in one sentence, with the fix", async () => {
    await ask("POST", "faults", {
      action: "fail",
      match: { method: "PUT" },
      status: 403,
      code: "AuthorizationFailed",
      message: "The client does not have authorization to perform action.",
    });
    const { plan, location } = await planned();
    const attachment = plan.planned[0]?.attachment;
    if (!attachment) throw new Error("Nothing was planned.");
    await expect(beginAttach(manager, id("follower"), location, attachment)).rejects.toMatchObject({
      name: "Terminal",
      message: expect.stringMatching(/403 AuthorizationFailed.*clusters\/follower/),
      advice: expect.stringContaining("Contributor"),
    });
    await expect(readCluster(manager, id("nobody"))).rejects.toMatchObject({
      advice: expect.stringContaining("resource group"),
    });
  });

  it("whose operation fails on the way say why", async () => {
    await ask("POST", "faults", {
      action: "failOperation",
      match: { method: "PUT" },
      code: "InternalError",
      message: "The cluster could not be updated.",
      state: "Failed",
    });
    const { plan, location } = await planned({ databases: ["More"] });
    const attachment = plan.planned[0]?.attachment;
    if (!attachment) throw new Error("Nothing was planned.");
    const to = id("follower");
    await expect(
      (async () =>
        done(await beginAttach(manager, to, location, attachment), (operation) =>
          lookAtAttach(manager, to, location, attachment, operation),
        ))(),
    ).rejects.toThrow(/could not be updated/);
  });
});
