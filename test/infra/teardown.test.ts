import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { infra } from "./bicep.ts";

/** Stands in for the Azure CLI: writes down each call, and answers as the deployment's outputs would. */
const AZ = `#!/usr/bin/env bash
echo "$*" >> "$AZ_CALLS"
case "$*" in
  *AZURE_RESOURCE_GROUP*) echo "$AZ_GROUP" ;;
  *outsideFollowerIds*) echo /follower/1 ;;
  *outsideDatabaseRoleIds*) printf '/role/1\\n/role/2\\n' ;;
  *outsideContributorIds*) echo /cluster/providers/Microsoft.Authorization/roleAssignments/1 ;;
  "resource delete --ids \${AZ_STUCK:-none}") exit 1 ;;
  "resource delete --ids \${AZ_GONE:-none}") exit 1 ;;
  "resource show --ids \${AZ_GONE:-none}"*) exit 3 ;;
  "group exists"*) echo true ;;
  "monitor log-analytics workspace list"*) echo log-1 ;;
esac
`;

describe("infra/teardown.sh", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kusto-copy-teardown-"));
    await writeFile(join(folder, "az"), AZ);
    await chmod(join(folder, "az"), 0o755);
    await writeFile(join(folder, "calls"), "");
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function run(flags: string[], environment: Record<string, string> = {}) {
    const child = promisify(execFile)("bash", [join(infra, "teardown.sh"), ...flags], {
      env: {
        ...process.env,
        PATH: `${folder}${delimiter}${process.env.PATH}`,
        AZ_CALLS: join(folder, "calls"),
        AZ_GROUP: "rg-1",
        ...environment,
      },
    });
    // Where the script asks nothing it may be gone before it could be answered.
    child.child.stdin?.on("error", () => undefined).end("no\n");
    const ended = await child.then(
      (done) => ({ code: 0, text: done.stdout }),
      (error: { code: number; stdout: string; stderr: string }) => ({
        code: error.code,
        text: `${error.stdout}${error.stderr}`,
      }),
    );
    const calls = (await readFile(join(folder, "calls"), "utf8")).split("\n");
    return { ...ended, deletions: calls.filter((call) => / delete /.test(call)) };
  }

  it("deletes what lies outside the resource group first, then the group, and leaves nothing", async () => {
    const done = await run(["--yes", "kusto-copy"]);
    expect(done.code).toBe(0);
    expect(done.deletions).toEqual([
      "resource delete --ids /follower/1",
      "resource delete --ids /role/1",
      "resource delete --ids /role/2",
      "role assignment delete --ids /cluster/providers/Microsoft.Authorization/roleAssignments/1",
      "monitor log-analytics workspace delete --resource-group rg-1 --workspace-name log-1 --force --yes",
      "group delete --name rg-1 --yes",
      "deployment sub delete --name kusto-copy",
    ]);
  });

  it("asks, and deletes nothing unless the group's name is the answer", async () => {
    const done = await run(["kusto-copy"]);
    expect(done).toMatchObject({ code: 1, deletions: [] });
    expect(done.text).toContain("/role/2");
    expect(done.text).toContain("Nothing was deleted.");
  });

  it("goes on past what is gone already, and stops at what can't be deleted", async () => {
    const again = await run(["--yes", "kusto-copy"], { AZ_GONE: "/role/1" });
    expect(again.code).toBe(0);
    expect(again.deletions.at(-1)).toBe("deployment sub delete --name kusto-copy");
    await writeFile(join(folder, "calls"), "");
    const stuck = await run(["--yes", "kusto-copy"], { AZ_STUCK: "/role/1" });
    expect(stuck.code).toBe(1);
    expect(stuck.text).toContain("/role/1 could not be deleted");
    expect(stuck.deletions).toEqual(["resource delete --ids /follower/1", "resource delete --ids /role/1"]);
  });

  it("does nothing without a deployment of this project", async () => {
    expect(await run(["--yes", "other"], { AZ_GROUP: "" })).toMatchObject({ code: 1, deletions: [] });
    expect(await run([])).toMatchObject({ code: 2, deletions: [] });
  });
});
