import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { syntaxErrors } from "../../../kusto/parser.ts";
import { type Cluster, startCluster } from "../engine/cluster.ts";
import { type FollowerCluster, startFollower } from "./support.ts";

let leader: Cluster;
let follower: FollowerCluster;

beforeAll(async () => {
  [leader, follower] = await Promise.all([
    startCluster("--databases", "MyDb"),
    startFollower("--databases", "Own"),
  ]);
  for (const name of ["T1", "T2", "T3"]) await leader.command(`.set ${name} <| print a = 1`, "MyDb");
  await leader.command(".alter table T1 policy caching hot = 7d", "MyDb");
  await leader.command(".alter database MyDb policy caching hot = 365d", "MyDb");
  await leader.command(".add database MyDb viewers ('aadgroup=divers')", "MyDb");
  await leader.command(".add database MyDb admins ('aaduser=jack')", "MyDb");
});
afterAll(async () => {
  await Promise.all([leader.stop(), follower.stop()]);
});
beforeEach(async () => {
  await follower.attach();
  await follower.attach({ leader, database: "MyDb" });
});

async function run(...texts: string[]): Promise<void> {
  for (const text of texts) {
    expect(syntaxErrors(text), text).toEqual([]);
    await follower.command(text, "MyDb");
  }
  await follower.refresh();
}

async function shown() {
  const [row] = await follower.command(".show follower database MyDb", "Own");
  return row;
}

/** The hot span in effect on each table, and on the database. */
async function hot() {
  const span = (text: unknown) => /"Value":"([^"]+)"/.exec(String(text))?.[1] ?? null;
  const tables = await follower.command(".show tables details", "MyDb");
  const [database] = await follower.command(".show database policies", "MyDb");
  return [
    ...tables.map((row): [unknown, string | null] => [row.TableName, span(row.CachingPolicy)]),
    ["*", span(database?.CachingPolicy)],
  ];
}

async function principals() {
  const rows = await follower.command(".show database MyDb principals", "MyDb");
  return rows.map((row) => `${row.Role} ${row.PrincipalFQN}`).sort();
}

test("a database without overrides shows none, in the documented columns", async () => {
  expect(await shown()).toEqual({
    DatabaseName: "MyDb",
    LeaderClusterMetadataPath: leader.url,
    CachingPolicyOverride: "null",
    AuthorizedPrincipalsOverride: "[]",
    AuthorizedPrincipalsModificationKind: "Union",
    CachingPoliciesModificationKind: "Union",
    IsAutoPrefetchEnabled: false,
    TableMetadataOverrides: "",
  });
  expect(await follower.command(".show follower databases (MyDb)", "Own")).toEqual([await shown()]);
});

test("an override is shown at once and applied at the next refresh", async () => {
  await follower.command(".alter follower database MyDb policy caching hot = 3d", "Own");
  expect(await shown()).toMatchObject({ CachingPolicyOverride: expect.stringContaining('"3.00:00:00"') });
  expect(await hot()).toContainEqual(["*", "365.00:00:00"]);
  await follower.refresh();
  expect(await hot()).toContainEqual(["*", "3.00:00:00"]);
});

test("caching overrides join the leader's policies, stand in their place or are left out, as the kind says", async () => {
  await run(
    ".alter follower database MyDb policy caching hot = 0d",
    ".alter follower database MyDb table T2 policy caching hot = 3d",
  );
  const united = [
    ["T1", "7.00:00:00"],
    ["T2", "3.00:00:00"],
    ["T3", "00:00:00"],
    ["*", "00:00:00"],
  ];
  expect(await hot()).toEqual(united);
  await run(".alter follower database MyDb caching-policies-modification-kind = replace");
  expect(await hot()).toEqual([["T1", "00:00:00"], ...united.slice(1)]);
  await run(".delete follower database MyDb policy caching");
  expect(await hot()).toEqual([
    ["T1", null],
    ["T2", "3.00:00:00"],
    ["T3", null],
    ["*", null],
  ]);
  await run(".alter follower database MyDb caching-policies-modification-kind = none");
  expect(await hot()).toEqual([
    ["T1", "7.00:00:00"],
    ["T2", "365.00:00:00"],
    ["T3", "365.00:00:00"],
    ["*", "365.00:00:00"],
  ]);
});

test("tables and materialized views get and lose overrides, one or several at a time", async () => {
  await run(
    ".alter follower database MyDb tables (T1, T2) policy caching hot = 1d",
    ".alter follower database MyDb materialized-view V1 policy caching hot = 2d",
    ".alter follower database MyDb materialized-views (V2, V3) policy caching hot = 2d",
  );
  const overridden = async () => Object.keys(JSON.parse(String((await shown())?.TableMetadataOverrides)));
  expect(await overridden()).toEqual(["T1", "T2", "V1", "V2", "V3"]);
  await run(
    ".delete follower database MyDb table T1 policy caching",
    ".delete follower database MyDb materialized-view V1 policy caching",
    ".delete follower database MyDb materialized-views (V2) policy caching",
  );
  expect(await overridden()).toEqual(["T2", "V3"]);
  await run(".delete follower database MyDb tables (T2) policy caching");
  expect(await overridden()).toEqual(["V3"]);
});

test("principals are the leader's and the follower's, the follower's, or the leader's, as the kind says", async () => {
  await run(
    ".add follower database MyDb viewers ('aaduser=jill', 'aaduser=joe') 'a note'",
    ".drop follower database MyDb viewers ('aaduser=joe')",
  );
  const leaders = ["Database MyDb Admin aaduser=jack", "Database MyDb Viewer aadgroup=divers"];
  const own = "Database MyDb Viewer aaduser=jill";
  expect(await principals()).toEqual([...leaders, own]);
  await run(".alter follower database MyDb principals-modification-kind = replace");
  expect(await principals()).toEqual([own]);
  await run(".alter follower database MyDb principals-modification-kind = none");
  expect(await principals()).toEqual(leaders);
  expect(await shown()).toMatchObject({
    AuthorizedPrincipalsModificationKind: "None",
    AuthorizedPrincipalsOverride: JSON.stringify([
      { Principal: { FullyQualifiedName: "aaduser=jill" }, Role: "Viewer", Notes: "a note" },
    ]),
  });
});

test.each([
  ["Replace", []],
  ["None", ["Database MyDb Admin aaduser=jack", "Database MyDb Viewer aadgroup=divers"]],
] as const)(
  "the configuration's default kind %s holds until the command sets another",
  async (kind, expected) => {
    await follower.attach({ leader, database: "MyDb", principalsKind: kind });
    expect(await principals()).toEqual(expected);
    expect(await shown()).toMatchObject({ AuthorizedPrincipalsModificationKind: kind });
    await run(".alter follower database MyDb principals-modification-kind = union");
    expect(await principals()).toHaveLength(2);
  },
);

test("the usual commands for database roles give a follower principals of its own", async () => {
  await run(".add database MyDb viewers ('aaduser=jill')");
  expect(await principals()).toContain("Database MyDb Viewer aaduser=jill");
  await run(".drop database MyDb viewers ('aaduser=jill')");
  expect(await principals()).not.toContain("Database MyDb Viewer aaduser=jill");
  expect(await leader.command(".show database MyDb principals", "MyDb")).toHaveLength(2);
});

test("prefetching is kept and shown", async () => {
  await run(".alter follower database MyDb prefetch-extents = true");
  expect(await shown()).toMatchObject({ IsAutoPrefetchEnabled: true });
  await run(".alter follower database MyDb prefetch-extents = false");
  expect(await shown()).toMatchObject({ IsAutoPrefetchEnabled: false });
});

test.each([
  [".show follower database Own", "was not found"],
  [".alter follower database Own policy caching hot = 1d", "was not found"],
  [".alter follower database MyDb table Nowhere policy caching hot = 1d", "was not found"],
  [".alter follower database MyDb principals-modification-kind = some", "union"],
  [".add follower database MyDb ingestors ('aadapp=a')", "Syntax error"],
])("what isn't followed, isn't there or isn't a form of the command is refused: %s", async (text, part) => {
  await expect(follower.command(text, "Own")).rejects.toMatchObject({
    response: { data: { error: { "@message": expect.stringContaining(part) } } },
  });
});

test("a cluster that comes back follows what it followed, with its overrides", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kusto-follower-"));
  try {
    const first = await startFollower("--databases", "Own", "--data", folder);
    await first.attach({ leader, database: "MyDb", nameOverride: "Kept" });
    await first.command(".alter follower database Kept policy caching hot = 5d", "Own");
    await first.stop();
    const again = await startFollower("--databases", "Own", "--data", folder);
    await again.refresh();
    expect(await again.queryIn("Kept", "T1")).toEqual([{ a: 1 }]);
    expect(await again.command(".show follower database Kept", "Own")).toMatchObject([
      { CachingPolicyOverride: expect.stringContaining('"5.00:00:00"') },
    ]);
    await again.stop();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
