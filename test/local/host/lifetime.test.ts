import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { startHost } from "../../../local/host/startHost.ts";
import { cronOf } from "../../../local/host/timerTriggers.ts";
import { appDirectory, eventually, startTestHost } from "./testHost.ts";

const scratch = mkdtempSync(join(tmpdir(), "local-host-"));
const started: ChildProcess[] = [];

afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
  rmSync(scratch, { recursive: true, force: true });
});

const main = fileURLToPath(new URL("../../../local/host/main.ts", import.meta.url));

async function startProcess(data: string): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(process.execPath, [main, "--app", appDirectory, "--port", "0", "--data", data], {
    env: { ...process.env, EVERY_SECOND: "0 0 0 1 1 *" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  started.push(child);
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const url = await eventually("the host's start", () => /ready on (\S+)/.exec(text)?.[1] ?? null);
  return { url, child };
}

const outputSchema = z.object({ output: z.unknown() });

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once("exit", () => resolve());
  });
}

describe("a host that is killed", () => {
  it("goes on where it was, and runs the activity again that was under way", {
    timeout: 40_000,
  }, async () => {
    const data = join(scratch, "killed");
    const file = join(scratch, "runs.txt");
    const first = await startProcess(data);
    const body = JSON.stringify({ file, ms: 1500 });
    await fetch(`${first.url}/api/start/restartable/r1`, { method: "POST", body });
    await fetch(`${first.url}/api/start/waits/w1`, { method: "POST" });
    await eventually("the activity's start", () => (existsSync(file) ? true : null));
    first.child.kill("SIGKILL");
    await ended(first.child);

    const second = await startProcess(data);
    const api = `${second.url}/runtime/webhooks/durabletask/instances`;
    const event = { method: "POST", body: '"on"', headers: { "content-type": "application/json" } };
    expect((await fetch(`${api}/w1/raiseEvent/go`, event)).status).toBe(202);
    const outputs = await eventually("both to end", async () => {
      const answers = await Promise.all(["r1", "w1"].map((id) => fetch(`${api}/${id}`)));
      const bodies = await Promise.all(
        answers.map(async (answer) => outputSchema.parse(await answer.json())),
      );
      return answers.every((answer) => answer.status === 200) ? bodies.map((body) => body.output) : null;
    });
    expect(outputs).toEqual([["before", "marked"], "on"]);
    expect(readFileSync(file, "utf8")).toBe("run\nrun\n");
    second.child.kill("SIGTERM");
    await ended(second.child);
    expect(second.child.exitCode).toBe(0);
  });

  it("loses nothing to a line it was writing when it died", async () => {
    const data = join(scratch, "torn");
    const first = await startTestHost({ data });
    await first.client.waitForCompletion(first.client.startNew("fan", { instanceId: "f1" }));
    await first.stop();
    const journal = join(data, "hubs", "Rec", "journal.jsonl");
    writeFileSync(journal, `${readFileSync(journal, "utf8")}[{"kind":"purge","inst`);
    const second = await startTestHost({ data });
    expect(second.client.getStatus("f1")?.output).toEqual([1, 2, 3]);
    await second.stop();
  });
});

describe("timer triggers", () => {
  it("run at start where they ask for it, at their times, and once for a time that was missed", async () => {
    process.env.EVERY_SECOND = "* * * * * *";
    const data = join(scratch, "timers");
    const host = await startTestHost({ data, timers: true });
    await eventually("two ticks", () => (globalThis.recordedTimers.length >= 3 ? true : null));
    await host.stop();
    expect(globalThis.recordedTimers.filter((timer) => timer.atStart)).toHaveLength(1);
    expect(globalThis.recordedTimers[0]).toMatchObject({
      isPastDue: false,
      schedule: { adjustForDST: true },
      scheduleStatus: { next: expect.stringMatching(/\+00:00$/) },
    });
    await new Promise((resolve) => setTimeout(resolve, 2100));
    globalThis.recordedTimers.length = 0;
    const later = await startTestHost({ data, timers: true });
    await eventually("the missed tick", () => (globalThis.recordedTimers.length >= 2 ? true : null));
    await later.stop();
    expect(globalThis.recordedTimers.some((timer) => timer.isPastDue && !timer.atStart)).toBe(true);
  });

  it("follow NCRONTAB: six fields, both days when both are given", () => {
    const from = new Date("2026-11-20T12:00:00Z");
    expect(cronOf("f", "0 */5 * * * *").nextRun(from)?.toISOString()).toBe("2026-11-20T12:05:00.000Z");
    // The 13th that is a Friday.
    expect(cronOf("f", "0 0 0 13 * 5").nextRun(from)?.toISOString()).toBe("2027-08-13T00:00:00.000Z");
    expect(() => cronOf("f", "*/5 * * * *")).toThrow(/'f'.*six fields/);
  });
});

describe("what the local host doesn't have", () => {
  async function refusal(name: string, code: string, type = "module"): Promise<string> {
    const app = join(appDirectory, "..", ".refused", name);
    mkdirSync(app, { recursive: true });
    const file = type === "module" ? "index.mjs" : "index.cjs";
    writeFileSync(join(app, "package.json"), JSON.stringify({ main: file }));
    writeFileSync(join(app, "host.json"), JSON.stringify({ version: "2.0" }));
    writeFileSync(join(app, file), code);
    try {
      const host = await startHost({ app, port: 0 });
      await host.stop();
      return "accepted";
    } catch (error) {
      return String(error);
    } finally {
      rmSync(join(appDirectory, "..", ".refused"), { recursive: true, force: true });
    }
  }

  it.each([
    [
      "entities",
      'const df = require("durable-functions"); df.app.entity("counter", () => {});',
      /'counter'.*entities/,
    ],
    [
      "queues",
      'const { app } = require("@azure/functions"); app.storageQueue("onQueue", { queueName: "q", connection: "c", handler: () => {} });',
      /'onQueue'.*'queueTrigger'/,
    ],
    [
      "outputs",
      'const { app, output } = require("@azure/functions"); app.http("writes", { extraOutputs: [output.storageBlob({ path: "a/b", connection: "c" })], handler: () => ({}) });',
      /'writes'.*'blob'/,
    ],
  ])("is refused by name at load: %s", async (name, code, message) => {
    expect(await refusal(name, code, "commonjs")).toMatch(message);
  });
});
