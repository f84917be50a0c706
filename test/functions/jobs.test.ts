import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { jobsViewSchema, jobViewSchema } from "../../functions/api/views.ts";
import { openLake } from "../../lake/lake.ts";
import { parseLake } from "../../lake/location.ts";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { command } from "../cli/command.ts";
import {
  addFault,
  clearFaults,
  createIdTable,
  idsOf,
  loadIds,
  lookAt,
  until,
  wholeRanges,
} from "../copy/drive.ts";
import { type ExtraHost, startExtraHost } from "../copy/hosts.ts";
import { type CopyStack, cursorsGiven, startCopyStack } from "../copy/support.ts";
import { entriesOf } from "../survive/support.ts";

const DATABASES = ["Samples", "Quick", "Slow", "Asked", "Paused", "Shut"];

describe("many jobs", () => {
  let copies: CopyStack;
  const hosts: ExtraHost[] = [];

  beforeAll(async () => {
    copies = await startCopyStack({
      host: false,
      sourceDatabases: DATABASES,
      destinationDatabases: DATABASES,
    });
    for (const database of DATABASES) {
      await createIdTable(copies.source, database, "Events");
      await loadIds(copies.stack.urls.sourceKusto, database, "Events", [0, 20]);
    }
    await cursorsGiven();
  });
  afterAll(async () => {
    await Promise.all(hosts.map((each) => each.stop()));
    await copies.stop();
  });

  const lake = (folder: string) => `${copies.stack.urls.lake}/copy/${folder}`;
  async function hostWith(jobs: string | undefined, settings: Record<string, string>): Promise<ExtraHost> {
    const path = join(copies.stack.workspace, `jobs-${hosts.length}.yaml`);
    if (jobs !== undefined) await writeFile(path, jobs);
    const host = await startExtraHost(copies.stack, {
      settings: { ...(jobs === undefined ? {} : { KUSTO_COPY_JOBS: path }), ...settings },
    });
    hosts.push(host);
    return host;
  }
  const send = (host: ExtraHost, method: string, path: string, body?: unknown, headers = {}) =>
    fetch(`${host.url}/api/${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  async function jobsOf(host: ExtraHost) {
    return jobsViewSchema.parse(await (await send(host, "GET", "jobs")).json());
  }
  async function stateOf(host: ExtraHost, name: string): Promise<string> {
    return jobViewSchema.parse(await (await send(host, "GET", `jobs/${name}`)).json()).state;
  }
  const startedSchema = z.object({ id: z.string(), statusUrl: z.url() });
  async function started(answer: Response) {
    expect(answer.status).toBe(202);
    return startedSchema.parse(await answer.json());
  }
  const reaches = (host: ExtraHost, name: string, state: string) =>
    until(`job ${name} didn't get ${state}`, async () => (await stateOf(host, name)) === state);
  const stateAt = async (url: string) => (await lookAt(url)).state;

  it("runs each declared job at its own RPO; a wrong one, one with a damaged log and two that share a table are told and stop no other", async () => {
    const container = new ContainerClient(
      `${copies.stack.urls.blob}/copy`,
      new StorageSharedKeyCredential(storageAccount.name, storageAccount.key),
    );
    await container.createIfNotExists();
    await container.getBlockBlobClient(`broken/log/${"0".repeat(20)}.json`).upload("{", 1);
    const own = await hostWith(
      [
        "jobs:",
        `  quick: { source: { database: Quick }, lake: "${lake("quick")}", rpo: 3s }`,
        `  slow: { source: { database: Slow }, rpo: 1h }`,
        "  wrong: { source: { database: Samples }, rpo: soon, slots: { export: 200% }, what: 1 }",
        `  broken: { source: { database: Paused }, lake: "${lake("broken")}" }`,
        `  one: { source: { database: Asked }, tables: { include: [Ev*] }, enabled: false }`,
        `  two: { source: { database: Asked }, tables: { include: [Events] } }`,
      ].join("\n"),
      {
        KUSTO_COPY_TICK: "*/2 * * * * *",
        KUSTO_COPY_DATABASE: "",
        KUSTO_COPY_LAKE: `${lake("many")};${storageAccount.key}`,
      },
    );
    await until("the jobs didn't copy", async () => {
      const { jobs } = await jobsOf(own);
      return jobs.filter(({ lagSeconds }) => lagSeconds !== null).length === 2;
    });
    const { jobs, problems } = await jobsOf(own);
    expect(problems).toEqual([]);
    expect(Object.fromEntries(jobs.map(({ name, state }) => [name, state]))).toMatchObject({
      broken: "unreadable",
      one: "refused",
      two: "refused",
      wrong: "refused",
    });
    const error = (name: string) => jobs.find((job) => job.name === name)?.error;
    expect(error("wrong")).toMatch(/jobs\.wrong\.rpo: .*jobs\.wrong\.slots\.export: .*jobs\.wrong\.what: /);
    expect(error("one")).toContain("Jobs one and two share a table such as");
    expect(error("two")).toContain("Jobs one and two share");
    expect(error("broken")).toContain("broken/log/0000");
    expect(jobs.find((job) => job.name === "slow")?.job?.lake).toBe(lake("many/copies/slow"));

    await loadIds(copies.stack.urls.sourceKusto, "Quick", "Events", [20, 30]);
    await loadIds(copies.stack.urls.sourceKusto, "Slow", "Events", [20, 30]);
    await until(
      "the new rows didn't come",
      async () => (await idsOf(copies.destination, "Quick", "Events")).rows === 30,
    );
    expect(await idsOf(copies.destination, "Quick", "Events")).toEqual(wholeRanges([0, 30]));
    expect(await idsOf(copies.destination, "Slow", "Events")).toEqual(wholeRanges([0, 20]));
    expect(own.lines.some((line) => /Job broken: no iteration was started/.test(line))).toBe(true);

    const health = await send(own, "GET", "health");
    expect(health.status).toBe(200);
    const told = z.object({ status: z.string(), problems: z.array(z.string()) }).parse(await health.json());
    expect(told.status).toBe("degraded");
    expect(told.problems.map((each) => each.split(":")[0]).toSorted()).toEqual([
      "Job broken",
      "Job one",
      "Job two",
      "Job wrong",
    ]);
    await own.stop();
  });

  it("keeps jobs over HTTP, refuses what isn't its own or would be written over, and runs them by name", async () => {
    const own = await hostWith(
      `jobs:\n  declared: { source: { database: Quick }, lake: "${lake("quick")}" }\n`,
      {
        KUSTO_COPY_DATABASE: "",
        KUSTO_COPY_LAKE: `${lake("kept")};${storageAccount.key}`,
      },
    );
    const definition = { source: { database: "Asked" }, rpo: "15m" };
    const added = await send(own, "PUT", "jobs/asked", definition);
    expect([added.status, jobViewSchema.parse(await added.clone().json())]).toMatchObject([
      201,
      { name: "asked", origin: "api", definition, state: "idle", job: { rpoMs: 900_000 } },
    ]);
    const etag = added.headers.get("etag") ?? "";
    const put = (body: object, headers = {}) => send(own, "PUT", "jobs/asked", body, headers);
    expect((await put({ ...definition, rpo: "10m" }, { "if-match": etag })).status).toBe(200);
    expect((await put({ ...definition, rpo: "20m" }, { "if-match": etag })).status).toBe(412);
    expect((await put(definition, { "if-none-match": "*" })).status).toBe(412);
    expect((await jobsOf(own)).jobs.find(({ name }) => name === "asked")?.definition.rpo).toBe("10m");

    const wrong = await put({ rpo: "soon", lake: 5 });
    expect([wrong.status, await wrong.json()]).toMatchObject([
      400,
      {
        errors: expect.arrayContaining([
          expect.objectContaining({ pointer: "/rpo" }),
          expect.objectContaining({ pointer: "/lake" }),
        ]),
      },
    ]);
    expect((await send(own, "PUT", "jobs/.bad", definition)).status).toBe(400);
    const declared = await send(own, "PUT", "jobs/declared", definition);
    expect([declared.status, await declared.json()]).toMatchObject([409, { origin: "file" }]);
    const shared = await send(own, "PUT", "jobs/again", { ...definition, tables: { include: ["Events"] } });
    expect([shared.status, await shared.json()]).toMatchObject([409, { jobs: ["asked"] }]);

    const run = await started(
      await send(own, "POST", "copies", { job: "asked", tables: { include: ["Ev*"] } }),
    );
    expect(run.id).toMatch(/^copy:asked:/);
    await until("the copy didn't end", async () => (await stateAt(run.statusUrl)) === "succeeded");
    expect(await idsOf(copies.destination, "Asked", "Events")).toEqual(wholeRanges([0, 20]));
    const listed = async (job: string) =>
      z.array(z.object({ id: z.string() })).parse(await (await send(own, "GET", `copies?job=${job}`)).json());
    expect((await listed("asked")).map(({ id }) => id)).toEqual([run.id]);
    expect(await listed("declared")).toEqual([]);
    expect((await send(own, "POST", "copies", { job: "nope" })).status).toBe(400);

    // By the id of the copy that had tables and slots of its own: it goes on as the job is now.
    const act = (action: string, body?: unknown) =>
      send(own, "POST", `copies/${encodeURIComponent(run.id)}/${action}`, body);
    const folder = openLake(parseLake(`${lake("kept/copies/asked")};${storageAccount.key}`));
    const goesOnWith = async (exportSlots: number, action: string, body?: unknown) => {
      const changed = { ...definition, enabled: false, slots: { export: exportSlots } };
      expect((await put(changed)).status).toBe(200);
      const again = await started(await act(action, body));
      await until("it didn't go on", async () => (await stateAt(again.statusUrl)) === "succeeded");
      const opened = (await entriesOf(folder)).findLast((entry) => entry.kind === "runOpened");
      return opened?.kind === "runOpened" ? opened.job : undefined;
    };
    expect((await act("pause")).status).toBe(202);
    expect(await goesOnWith(1, "resume")).toMatchObject({
      tables: { include: [] },
      slots: { export: { count: 1 } },
    });
    expect(await goesOnWith(2, "resync", { tables: ["Events"] })).toMatchObject({
      slots: { export: { count: 2 } },
    });

    const gone = await send(own, "DELETE", "jobs/asked");
    const { stays } = z.object({ stays: z.array(z.string()) }).parse(await gone.json());
    expect(stays.join()).toMatch(/kept\/copies\/asked.*database Asked/);
    expect((await send(own, "GET", "jobs/asked")).status).toBe(404);
    expect((await send(own, "DELETE", "jobs/asked")).status).toBe(404);
    expect((await send(own, "DELETE", "jobs/declared")).status).toBe(409);
    expect((await idsOf(copies.destination, "Asked", "Events")).rows).toBe(20);
    await own.stop();
  });

  it("pauses, refuses a start, resumes, resynchronises and cancels", async () => {
    const own = await hostWith(
      `jobs:\n  paused: { source: { database: Paused }, lake: "${lake("paused")}", rpo: 2s, enabled: false }\n`,
      { KUSTO_COPY_DATABASE: "" },
    );
    const slow = () =>
      addFault(copies.stack.urls.sourceKusto, {
        match: { kind: "operation", database: "Paused", text: "^\\.export" },
        action: "delay",
        afterMs: 3000,
        times: 1,
      });
    await slow();
    const first = await started(await send(own, "POST", "copies", { job: "paused" }));
    const act = (id: string, action: string, body?: unknown) =>
      send(own, "POST", `copies/${encodeURIComponent(id)}/${action}`, body);
    await until("no export began", async () => (await lookAt(first.statusUrl)).tables.length > 0);
    const pausing = await act(first.id, "pause");
    expect([pausing.status, await pausing.json()]).toMatchObject([202, { id: first.id, state: "pausing" }]);
    await until("it didn't pause", async () => (await stateAt(first.statusUrl)) === "paused");
    expect(await stateOf(own, "paused")).toBe("paused");

    const refused = await send(own, "POST", "copies", { job: "paused" });
    expect([refused.status, await refused.json()]).toMatchObject([
      409,
      { title: "The copy is paused.", detail: expect.stringContaining("resume") },
    ]);
    const waiting = await act(first.id, "resync", { tables: ["Events"] });
    expect([waiting.status, await waiting.json()]).toMatchObject([202, { applied: "whenResumed", id: null }]);
    expect((await act(first.id, "resync", { tables: [] })).status).toBe(400);
    const unknown = await act(first.id, "resync", { tables: ["Events", "events"] });
    expect([unknown.status, await unknown.json()]).toMatchObject([
      400,
      { errors: [{ pointer: "/tables/1", detail: expect.stringContaining("no such table") }] },
    ]);
    expect((await act("copy:none:1", "pause")).status).toBe(404);
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    const days = await act(first.id, "resync", { tables: ["Events"], days: ["2026-02-30", tomorrow] });
    expect([days.status, await days.json()]).toMatchObject([
      400,
      {
        errors: [
          { pointer: "/days/0", detail: expect.stringContaining("is no day") },
          { pointer: "/days", detail: expect.stringContaining("still to come") },
        ],
      },
    ]);
    expect((await act(first.id, "resync", { tables: ["Events"], days: [] })).status).toBe(400);
    expect((await act(first.id, "resume", { startOver: "yes" })).status).toBe(400);

    const second = await started(await act(first.id, "resume"));
    expect(second.id).not.toBe(first.id);
    await until("it didn't go on", async () => (await stateAt(second.statusUrl)) === "succeeded");
    expect(await idsOf(copies.destination, "Paused", "Events")).toEqual(wholeRanges([0, 20]));
    await reaches(own, "paused", "idle");

    const before = await copies.destination.command(
      "Paused",
      ".show table Events extents | project ExtentId",
    );
    const again = await act(first.id, "resync", { tables: ["Ev*"] });
    const { id, statusUrl, applied, tables } = startedSchema
      .extend({ applied: z.string(), tables: z.array(z.string()) })
      .parse(await again.json());
    expect([applied, id.startsWith("copy:paused:"), tables]).toEqual(["now", true, ["Events"]]);
    await until("it didn't end", async () => (await stateAt(statusUrl)) === "succeeded");
    expect(
      await copies.destination.command("Paused", ".show table Events extents | project ExtentId"),
    ).not.toEqual(before);
    expect(await idsOf(copies.destination, "Paused", "Events")).toEqual(wholeRanges([0, 20]));

    const over = await act(first.id, "resume", { startOver: true });
    expect([over.status, await over.json()]).toMatchObject([
      409,
      { detail: expect.stringContaining('{"tables": ["*"]}') },
    ]);
    const today = new Date().toISOString().slice(0, 10);
    const ofDays = await act(first.id, "resync", { tables: ["Events"], days: [today] });
    const asked = startedSchema.extend({ days: z.array(z.string()) }).parse(await ofDays.json());
    expect(asked.days).toEqual([today]);
    await until("it didn't end", async () => (await stateAt(asked.statusUrl)) === "succeeded");
    expect(await idsOf(copies.destination, "Paused", "Events")).toEqual(wholeRanges([0, 20]));

    await loadIds(copies.stack.urls.sourceKusto, "Paused", "Events", [20, 30]);
    await cursorsGiven();
    await slow();
    const third = await started(await send(own, "POST", "copies", { job: "paused" }));
    await until("nothing began", async () => (await lookAt(third.statusUrl)).tables.length > 0);
    const cancelling = await act(third.id, "cancel");
    expect([cancelling.status, await cancelling.json()]).toMatchObject([202, { state: "cancelling" }]);
    await until("it wasn't cancelled", async () => (await stateAt(third.statusUrl)) === "cancelled");
    expect(await stateOf(own, "paused")).toBe("cancelled");
    await clearFaults(copies.stack.urls.sourceKusto);
    const anew = await started(await send(own, "POST", "copies", { job: "paused" }));
    await until("it didn't begin anew", async () => (await stateAt(anew.statusUrl)) === "succeeded");
    expect(await idsOf(copies.destination, "Paused", "Events")).toEqual(wholeRanges([0, 30]));
    await own.stop();
  });

  it("a run that can't be opened is told in the job, KC_Status and the command's status, and leaves the log as it is", async () => {
    const own = await hostWith(undefined, {
      KUSTO_COPY_DATABASE: "",
      KUSTO_COPY_LAKE: `${lake("unopened")};${storageAccount.key}`,
    });
    const definition = { source: { database: "Shut" }, rpo: "1h", enabled: false };
    expect((await send(own, "PUT", "jobs/shut", definition)).status).toBe(201);
    const run = async () => {
      const { statusUrl } = await started(await send(own, "POST", "copies", { job: "shut" }));
      await until("the copy didn't end", async () => (await stateAt(statusUrl)) !== "running");
      return stateAt(statusUrl);
    };
    const folder = openLake(parseLake(`${lake("unopened/copies/shut")};${storageAccount.key}`));
    const told = async () => {
      const [row] = await copies.destination.query("Shut", "KC_Status | where isempty(Lane)");
      const job = jobViewSchema.parse(await (await send(own, "GET", "jobs/shut")).json());
      const { code, stdout } = await command([
        "status",
        "-l",
        `${lake("unopened/copies/shut")};${storageAccount.key}`,
      ]);
      return { row, job, code, stdout };
    };
    expect(await run()).toBe("succeeded");
    const idle = await told();
    expect(idle).toMatchObject({ row: { State: "idle", Error: "" }, job: { state: "idle" }, code: 0 });
    const lag = Number(idle.row?.LagSeconds);
    await until("the lag stood still while nobody wrote the file", async () => {
      const { row } = await told();
      expect(row?.UpdatedAt).toEqual(idle.row?.UpdatedAt);
      return Number(row?.LagSeconds) > lag;
    });

    const entries = await entriesOf(folder);
    await addFault(copies.stack.urls.sourceKusto, {
      match: { kind: "mgmt", database: "Shut", text: "^\\.show capacity" },
      action: "fail",
      status: 401,
      code: "Unauthorized",
      message: "The token has expired.",
      permanent: true,
      times: 1000,
    });
    expect(await run()).toBe("failed");
    const why = /No run could be opened \(.*The token has expired/;
    expect(await told()).toMatchObject({
      row: { State: "failed", Error: expect.stringMatching(why), Iteration: idle.row?.Iteration },
      job: { state: "failed", error: expect.stringMatching(why) },
      code: 1,
      stdout: expect.stringMatching(why),
    });
    expect(await entriesOf(folder)).toEqual(entries);

    await clearFaults(copies.stack.urls.sourceKusto);
    expect(await run()).toBe("succeeded");
    expect(await told()).toMatchObject({
      row: { State: "idle", Error: "" },
      job: { state: "idle", error: null },
      code: 0,
    });
    await own.stop();
  });

  it("the settings' job is refused with its reason, also to a request that says nothing", async () => {
    const shared = await hostWith(`jobs:\n  declared: { lake: "${lake("same")}" }\n`, {
      KUSTO_COPY_LAKE: `${lake("same")};${storageAccount.key}`,
    });
    const unreachable = await hostWith(undefined, {
      KUSTO_COPY_LAKE: `${lake("unreachable")};${storageAccount.key}`,
      KUSTO_COPY_CLUSTER_ACCESS: "impersonate",
    });
    for (const [own, reason] of [
      [shared, "Jobs declared and default share the lake folder"],
      [unreachable, "by impersonation: it runs in the background"],
    ] as const) {
      const told = (await jobsOf(own)).jobs.find(({ name }) => name === "default");
      expect(told).toMatchObject({ state: "refused", error: expect.stringContaining(reason) });
      const refused = await send(own, "POST", "copies", {});
      expect([refused.status, await refused.json()]).toMatchObject([
        409,
        { detail: expect.stringContaining(reason) },
      ]);
      await own.stop();
    }
  });

  it("a timer that finds no job says what the settings lack", async () => {
    const own = await hostWith(undefined, { KUSTO_COPY_DATABASE: "", KUSTO_COPY_TICK: "* * * * * *" });
    const said =
      /there is no job, in the settings or elsewhere\. .*source\.database \(KUSTO_COPY_DATABASE\) is not set/;
    await until("the timer said nothing", async () => own.lines.some((line) => said.test(line)));
    expect(await (await send(own, "GET", "health")).json()).toEqual({ status: "ok" });
    await own.stop();
  });

  it("answers its schema and its own document, which has every route of the host", async () => {
    const own = await hostWith(undefined, {});
    expect(await (await send(own, "GET", "schemas/jobs.json")).json()).toMatchObject({ required: ["jobs"] });
    const document = z
      .object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
      .parse(await (await send(own, "GET", "openapi.json")).json());
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const routes = own.lines.flatMap((line) => {
      const [, methods = "", path] = /^\S+: \[([A-Z,]+)\] http:\/\/[^/]+(\/api\/\S+)$/.exec(line) ?? [];
      return path === undefined ? [] : methods.split(",").map((method) => `${method} ${path}`);
    });
    expect(routes.length).toBeGreaterThan(15);
    expect(routes.toSorted()).toEqual(described.toSorted());
    await own.stop();
  });

  it("lists every copy, also those beyond the first page of the host's", async () => {
    const own = await hostWith(undefined, {});
    const ids = Array.from({ length: 105 }, (_, i) => `copy:many:00000000:${i}`);
    for (const id of ids) {
      const url = `${own.url}/runtime/webhooks/durabletask/orchestrators/copyJob/${encodeURIComponent(id)}`;
      expect((await fetch(url, { method: "POST", body: "{}" })).status).toBe(202);
    }
    const list = z.array(z.object({ id: z.string() })).parse(await (await send(own, "GET", "copies")).json());
    expect(list.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    await own.stop();
  });
});
