import { expect, test } from "vitest";
import { startStack } from "../../../local/stack/stack.ts";
import { clusterId, collect, managementClient } from "../arm/client.ts";

test("a second leader starts where it is asked for, with a region of its own, and can be followed with the first", async () => {
  const stack = await startStack({
    host: false,
    without: ["lake", "events"],
    sourceDatabases: ["Events"],
    leader2Databases: ["Events"],
    destinationDatabases: ["Own"],
    regions: { leader2: "northeurope" },
  });
  try {
    const { arm, leader2Kusto } = stack.urls;
    const client = managementClient(arm);
    expect((await collect(client.clusters.list())).map(({ name, location }) => [name, location])).toEqual([
      ["source", "westus"],
      ["destination", "westus"],
      ["leader2", "northeurope"],
    ]);
    expect(await client.clusters.get("rg", "leader2")).toMatchObject({ uri: leader2Kusto });
    const attach = (name: string, leader: string, databaseNamePrefix: string) =>
      client.attachedDatabaseConfigurations.beginCreateOrUpdateAndWait(
        "rg",
        "destination",
        name,
        {
          clusterResourceId: clusterId(leader),
          databaseName: "*",
          databaseNamePrefix,
          defaultPrincipalsModificationKind: "Union",
        },
        { updateIntervalInMs: 50 },
      );
    await attach("one", "source", "a_");
    await expect(attach("two", "leader2", "b_")).rejects.toThrow(/same region/);
    await fetch(`${arm}/local/clusters`, {
      method: "POST",
      body: JSON.stringify({ name: "leader2", location: "westus" }),
    });
    await attach("two", "leader2", "b_");
    const databases = await collect(client.databases.listByCluster("rg", "destination"));
    expect(databases.map(({ name, kind }) => [name, kind])).toEqual([
      ["destination/Own", "ReadWrite"],
      ["destination/a_Events", "ReadOnlyFollowing"],
      ["destination/b_Events", "ReadOnlyFollowing"],
    ]);
  } finally {
    await stack.stop();
  }
});

test("without being asked for, the second leader is neither started nor known", async () => {
  const stack = await startStack({ host: false, without: ["lake", "events", "source", "destination"] });
  try {
    expect(Object.keys(stack.pids)).not.toContain("leader2");
    const clusters = await collect(managementClient(stack.urls.arm).clusters.list());
    expect(clusters.map(({ name }) => name)).toEqual(["source", "destination"]);
  } finally {
    await stack.stop();
  }
});
