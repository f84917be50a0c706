import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { startCluster, until } from "./cluster.ts";

const folder = await mkdtemp(join(tmpdir(), "kusto-engine-"));
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("a killed cluster comes back with all that it had answered, and ends cleanly when asked", async () => {
  const first = await startCluster("--data", folder, "--cursor-lag-ms", "600-700");
  await first.command(".create table T (a:long, s:string) with (folder='f')");
  await first.command(".append T with (tags='[\"x\"]') <| print a = 1, s = 'one'");
  await until(
    () => first.query("T | where cursor_after('')"),
    (rows) => rows.length === 1,
  );
  const [before] = await first.command(".show table T extents");
  const [started] = await first.command(".append async T <| print a = 2, s = 'two'");
  const id = String(started?.OperationId);
  await first.operation(id);
  await first.kill();

  const second = await startCluster("--data", folder);
  expect(await second.query("T | order by a asc")).toEqual([
    { a: 1, s: "one" },
    { a: 2, s: "two" },
  ]);
  expect(await second.command(`.show table T extents (${String(before?.ExtentId)})`)).toEqual([before]);
  expect(await second.operation(id)).toMatchObject({ State: "Completed" });
  expect(await second.command(`.show operation ${id} details`)).toMatchObject([{ RowCount: 1 }]);
  // The second rows had no cursor yet when the process was killed.
  await until(
    () => second.query("T | where cursor_after('')"),
    (rows) => rows.length === 2,
  );
  expect(await second.stop()).toBe(0);
});
