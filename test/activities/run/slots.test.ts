import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { readSlots } from "../../../activities/run/slots.ts";
import { jobsViewSchema } from "../../../functions/api/views.ts";
import type { SlotCounts } from "../../../model/schedule.ts";
import {
  addFault,
  clearFaults,
  createIdTable,
  idsOf,
  loadIds,
  lookAt,
  until,
  wholeRanges,
} from "../../copy/drive.ts";
import { type ExtraHost, startExtraHost } from "../../copy/hosts.ts";
import { type CopyStack, cursorsGiven, startCopyStack } from "../../copy/support.ts";

const DATABASES = ["One", "Two"];
const BATCHES = 8;

describe("jobs on the same clusters", () => {
  let copies: CopyStack;
  let host: ExtraHost;

  beforeAll(async () => {
    copies = await startCopyStack({
      host: false,
      sourceDatabases: DATABASES,
      destinationDatabases: DATABASES,
    });
    for (const database of DATABASES) {
      await createIdTable(copies.source, database, "Events");
      for (let batch = 0; batch < BATCHES; batch++)
        await loadIds(copies.stack.urls.sourceKusto, database, "Events", [batch * 5, batch * 5 + 5]);
    }
    await cursorsGiven();
    const path = join(copies.stack.workspace, "jobs.yaml");
    const lake = (folder: string) => `${copies.stack.urls.lake}/copy/${folder}`;
    await writeFile(
      path,
      DATABASES.map(
        (name) => `  ${name}: { source: { database: ${name} }, lake: "${lake(name)}", windowRows: 5 }`,
      )
        .toSpliced(0, 0, "jobs:")
        .join("\n"),
    );
    const settings = { KUSTO_COPY_JOBS: path, KUSTO_COPY_DATABASE: "", KUSTO_COPY_QUERY_SLOTS: "100%" };
    host = await startExtraHost(copies.stack, { settings });
    for (const [name, value] of Object.entries({ ...copies.stack.settings, ...settings }))
      vi.stubEnv(name, value);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await host.stop();
    await copies.stop();
  });

  const start = async (job: string): Promise<string> => {
    const answer = await fetch(`${host.url}/api/copies`, { method: "POST", body: JSON.stringify({ job }) });
    return z.object({ statusUrl: z.url() }).parse(await answer.json()).statusUrl;
  };
  const slotsOf = async (name: string): Promise<SlotCounts> => {
    const { jobs } = jobsViewSchema.parse(await (await fetch(`${host.url}/api/jobs`)).json());
    const job = jobs.find((each) => each.name === name)?.job;
    if (!job) throw new Error(`There is no job ${name}.`);
    const answer = await readSlots({ job, run: 0, next: 0 });
    if (answer.kind !== "done") throw new Error(answer.reason);
    return answer.value;
  };
  const planned = (url: string) =>
    until("it planned nothing", async () => (await lookAt(url)).tables.length > 0);
  const exporting = async (): Promise<number> => {
    const rows = await copies.source.command(
      "One",
      '.show operations | where Operation == "DataExport" and State == "InProgress" | project OperationId',
    );
    return rows.length;
  };

  it("have all slots alone, share them while both are at work, and have all again afterwards", async () => {
    await addFault(copies.stack.urls.sourceKusto, {
      match: { kind: "operation", text: "^\\.export" },
      action: "delay",
      afterMs: 2500,
      times: 1000,
    });
    const alone = await slotsOf("One");
    expect(alone.export).toBe(4);
    const first = await start("One");
    await planned(first);
    expect(await slotsOf("One")).toEqual(alone);
    const second = await start("Two");
    await planned(second);
    const [one, two] = await Promise.all([slotsOf("One"), slotsOf("Two")]);
    expect([one.export, two.export]).toEqual([2, 2]);
    for (const kind of ["export", "ingestion", "query"] as const)
      expect(one[kind] + two[kind]).toBeLessThanOrEqual(Math.max(2, alone[kind]));
    let most = 0;
    await until("they didn't end", async () => {
      most = Math.max(most, await exporting());
      return (await lookAt(first)).state !== "running" && (await lookAt(second)).state !== "running";
    });
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
    await clearFaults(copies.stack.urls.sourceKusto);
    for (const database of DATABASES)
      expect(await idsOf(copies.destination, database, "Events")).toEqual(wholeRanges([0, BATCHES * 5]));
    expect(await slotsOf("One")).toEqual(alone);
  });
});
