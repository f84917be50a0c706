import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cluster, startCluster } from "./cluster.ts";

let kusto: Cluster;

beforeAll(async () => {
  kusto = await startCluster("--databases", "MyDb");
});
afterAll(() => kusto.stop());

const ME = "aaduser=local-user;local";
const roles = async (text: string) =>
  (await kusto.command(text, "MyDb")).map((row) => `${row.Scope}: ${row.Role}`);

test("own roles are those that were given, and an administrator's where nobody was given one", async () => {
  await kusto.command(".create table T (a: long)", "MyDb");
  expect(await roles(".show database MyDb principal roles")).toEqual(["Cluster: AllDatabasesAdmin"]);
  expect(await roles(".show cluster principal roles")).toEqual(["Cluster: AllDatabasesAdmin"]);
  await kusto.command(`.add database MyDb viewers ('${ME}', 'aadapp=another;local')`, "MyDb");
  await kusto.command(`.add table T admins ('${ME}')`, "MyDb");
  expect(await roles(".show database MyDb principal roles")).toEqual(["Database MyDb: Database Viewer"]);
  expect(await roles(".show table T principal roles")).toEqual([
    "Database MyDb: Database Viewer",
    "Table T: Table Admin",
  ]);
  await kusto.command(`.drop database MyDb viewers ('${ME}')`, "MyDb");
  expect(await roles(".show database MyDb principal roles")).toEqual([]);
});

test("workload groups are kept and shown, the default one always", async () => {
  const groups = async () =>
    (await kusto.command(".show workload_groups")).map((row) => [row.WorkloadGroupName, row.WorkloadGroup]);
  expect(await groups()).toEqual([["default", "{}"]]);
  const limits = '{"RequestLimitsPolicy":{"DataScope":{"IsRelaxable":true,"Value":"HotCache"}}}';
  expect(
    await kusto.command(`.create-or-alter workload_group ['My Group'] \`\`\`\n${limits}\n\`\`\``),
  ).toMatchObject([{ WorkloadGroupName: "My Group", WorkloadGroup: limits }]);
  expect(await kusto.command(".show workload_group ['My Group']")).toMatchObject([{ WorkloadGroup: limits }]);
  await kusto.command(".drop workload_group ['My Group']");
  expect(await groups()).toEqual([["default", "{}"]]);
  expect(await kusto.failure(".show workload_group ['My Group']")).toMatchObject({
    status: 400,
    permanent: true,
  });
  expect(await kusto.failure(".drop workload_group default")).toMatchObject({ status: 400 });
  expect(await kusto.failure(".create-or-alter workload_group G 'no json'")).toMatchObject({ status: 400 });
});
