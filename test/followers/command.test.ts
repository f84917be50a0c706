import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createKustoClient, type KustoClient } from "../../kusto/client.ts";
import { parseKustoConnection } from "../../kusto/connectionString.ts";
import { type Stack, startStack } from "../../local/stack/stack.ts";
import { command } from "../cli/command.ts";
import { type ExtraHost, startExtraHost } from "../copy/hosts.ts";
import { atArm, detachAll, FOLLOWER, followersApi, LEADER } from "./support.ts";

// Each call of the command is a process of its own.
describe("kusto-copy follow", { timeout: 180_000 }, () => {
  let stack: Stack;
  let host: ExtraHost;
  let leader: KustoClient;
  let follower: KustoClient;

  beforeAll(async () => {
    stack = await startStack({
      host: false,
      without: ["events"],
      sourceDatabases: ["Events"],
      destinationDatabases: ["Own"],
    });
    leader = createKustoClient(parseKustoConnection(stack.urls.sourceKusto));
    follower = createKustoClient(parseKustoConnection(stack.urls.destinationKusto));
    await leader.command("Events", ".set Logs <| print a = 1");
    host = await startExtraHost(stack);
  });
  afterAll(async () => {
    leader.close();
    follower.close();
    await host.stop();
    await stack.stop();
  });

  afterEach(() => detachAll(followersApi(host.url)));

  const follow = (...args: string[]) =>
    command(["follow", ...args], { env: { KUSTO_COPY_ARM: stack.urls.arm, KUSTO_COPY_POLL: "100ms" } });
  const on = ["--follower", FOLLOWER];

  it("attaches, lists, verifies, overrides and detaches, with a line for each step", async () => {
    const attached = await follow("attach", ...on, "--leader", LEADER, "--databases", "Events");
    expect(attached).toMatchObject({ code: 0, stderr: expect.stringMatching(/^attaching 0 of 1$/m) });
    expect(attached.stdout).toMatch(/Events +Events at source +shared/);
    expect(attached.stdout).toMatch(/1 attachment in place at destination\.\n$/);
    expect(await follower.query("Events", "Logs")).toMatchObject([{ a: 1n }]);

    const list = await follow("list", ...on);
    expect(list.stdout).toMatch(/destination \(westus, Running\) follows 1 attachment:/);
    expect(list.stdout).toMatch(/Events +Events at source +Succeeded +Union/);
    const followers = await follow("list", "--leader", LEADER, "--json");
    expect(JSON.parse(followers.stdout)).toMatchObject({
      followers: [{ database: "Events", isCluster: true }],
    });
    expect(await follow("verify", ...on)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/All is shared/),
    });

    const override = ["override", ...on, "--databases", "Events", "--hot-tables", "Logs=3d"];
    const planned = await follow(...override, "--plan");
    expect(planned.stdout).toMatch(/caching of tables +not overridden +Logs 3d/);
    expect(planned.stdout).toMatch(/1 change would be made\. Nothing was sent\./);
    expect((await follow(...override)).stdout).toMatch(/1 change made/);
    expect((await follow(...override)).stdout).toMatch(/All is as asked; nothing was sent\./);

    const detach = ["detach", ...on, "--databases", "Events"];
    const asked = await follow(...detach);
    expect(asked).toMatchObject({ code: 2, stdout: "" });
    expect(asked.stderr).toMatch(/Detach Events at destination .*Users lose .*say --yes/);
    expect(await follow(...detach, "--yes")).toMatchObject({ code: 0 });
    const gone = await follow(...detach, "--yes");
    expect(gone).toMatchObject({ code: 1, stdout: expect.stringMatching(/Refused: .*no attached database/) });
  });

  it("asks before an override that means that all is cached", async () => {
    expect((await follow("attach", ...on, "--leader", LEADER, "--databases", "*", "--json")).code).toBe(0);
    const all = ["override", ...on, "--databases", "Events", "--caching-kind", "replace"];
    const asked = await follow(...all);
    expect(asked).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/Everything is cached.*say --yes/),
    });
    expect((await follow(...all, "--yes")).code).toBe(0);
    expect(
      (await follow("detach", "--side", "leader", "--leader", LEADER, "--databases", "*", "--yes")).code,
    ).toBe(0);
  });

  it("does the same at an app, and tells its refusals", async () => {
    const app = ["--app", host.url];
    await atArm(stack, "POST", "clusters", { name: "source", location: "northeurope" });
    const attach = ["attach", ...on, "--leader", LEADER, "--databases", "Events", ...app];
    const refused = await follow(...attach);
    expect(refused).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/Refused: .*Copy the database instead/),
    });
    await atArm(stack, "POST", "clusters", { name: "source", location: "westus" });
    const done = await follow(...attach, "--json");
    expect(JSON.parse(done.stdout)).toMatchObject({ outcome: "done", sharing: { verdict: "passed" } });
    const nobody = await follow("list", "--follower", `${FOLLOWER}x`, ...app);
    expect(nobody).toMatchObject({ code: 1, stderr: expect.stringMatching(/^kusto-copy: .*resource group/) });
    expect((await follow("detach", ...on, "--databases", "*", "--yes", ...app)).code).toBe(0);
  });
});
