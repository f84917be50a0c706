import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Host } from "../../../local/host/startHost.ts";
import { alike, readRecording } from "./recorded.ts";
import { eventually, startTestHost } from "./testHost.ts";

const callSchema = z.object({
  note: z.string(),
  method: z.string(),
  url: z.string(),
  body: z.unknown(),
  status: z.number(),
  headers: z.record(z.string(), z.string()),
  answer: z.unknown(),
});
type Call = z.infer<typeof callSchema>;

// Entities the local host refuses, and anyActivities yields a task a second time: those calls are left out.
const recorded = readRecording("management-api.json", z.array(callSchema)).filter(
  (call) => !/entities|anyActivities/.test(call.url),
);

let host: Host & { url: string };

beforeAll(async () => {
  host = await startTestHost();
});

afterAll(() => host.stop());

async function ask(call: Call): Promise<{ status: number; headers: Headers; answer: unknown }> {
  const url = new URL(call.url.replace("code=KEY", `code=${host.keys.system}`), host.url);
  const body = call.body === null ? {} : { body: JSON.stringify(call.body) };
  const headers = call.body === null ? {} : { "content-type": "application/json" };
  const response = await fetch(url, { method: call.method, headers, ...body });
  const text = await response.text();
  const answer = text === "" ? "" : JSON.parse(text);
  return { status: response.status, headers: response.headers, answer };
}

/** Until the instance is as far as it was when the recorded answer came. */
function expected(call: Call): { runtimeStatus?: string | undefined } {
  return z.object({ runtimeStatus: z.string() }).partial().catch({}).parse(call.answer);
}

async function askWhenReady(call: Call): Promise<{ status: number; headers: Headers; answer: unknown }> {
  const { runtimeStatus } = expected(call);
  if (runtimeStatus === undefined) return ask(call);
  return eventually(call.note, async () => {
    const answered = await ask(call);
    const now = z.object({ runtimeStatus: z.string() }).partial().parse(answered.answer);
    return now.runtimeStatus === runtimeStatus ? answered : null;
  });
}

const different = ["list top 3", "purge many"];

describe("the management endpoints answer as the real host's", () => {
  // Pending and such are moments: a poll passes through them, here as there.
  const calls = recorded.filter((call) => call.note !== "poll");
  for (const [index, call] of calls.entries()) {
    if (different.includes(call.note)) continue;
    it(`${index} ${call.note}: ${call.method} ${call.url.replace(/\?.*/, "")}`, {
      timeout: 20_000,
    }, async () => {
      const answered = await askWhenReady(call);
      expect(answered.status).toBe(call.status);
      // Lists come in the order of ids, and some ids are drawn by chance.
      expect(inOneOrder(alike(answered.answer))).toEqual(inOneOrder(alike(call.answer)));
      for (const [name, value] of Object.entries(call.headers)) {
        expect(alike(answered.headers.get(name)), name).toBe(alike(value.trim()));
      }
    });
  }

  it("lists in the order of the ids, a page and where the next begins", async () => {
    const call = recorded.find((call) => call.note === "list top 3");
    if (call === undefined) throw new Error("not recorded");
    const first = await ask(call);
    const page = z.array(z.object({ instanceId: z.string() })).parse(first.answer);
    expect(page).toHaveLength(3);
    const ids = page.map((item) => item.instanceId);
    expect([...ids].sort()).toEqual(ids);
    const token = first.headers.get("x-ms-continuation-token") ?? "";
    const url = new URL(call.url.replace("code=KEY", `code=${host.keys.system}`), host.url);
    const next = await fetch(url, { headers: { "x-ms-continuation-token": token } });
    const [after] = z.array(z.object({ instanceId: z.string() })).parse(await next.json());
    expect(Buffer.from(token, "base64").toString()).toBe(after?.instanceId);
    expect(ids).not.toContain(after?.instanceId);
  });

  it("keeps what is purged in numbers, and purges no other", async () => {
    const before = host.client.list();
    const completed = before.filter((item) => item.runtimeStatus === "Completed").length;
    const call = recorded.find((call) => call.note === "purge many");
    if (call === undefined) throw new Error("not recorded");
    const answered = await ask(call);
    expect(answered.status).toBe(200);
    expect(answered.answer).toEqual({ instancesDeleted: completed });
    expect(host.client.list()).toHaveLength(before.length - completed);
  });

  it("takes only failed instances back, and knows no instance that was never started", async () => {
    const post = async (path: string): Promise<number> =>
      (await fetch(`${host.url}/runtime/webhooks/durabletask/${path}`, { method: "POST" })).status;
    expect(await post("instances/dup-1/rewind?reason=x")).toBe(412);
    expect(await post("instances/nobody/rewind?reason=x")).toBe(404);
    expect(await post("instances/nobody/terminate?reason=x")).toBe(404);
    expect(await post("instances/nobody/raiseEvent/go")).toBe(404);
    expect(await post("orchestrators/chain/bad%23id")).toBe(400);
  });

  it("starts an orchestration with its input, and waits for it where it is asked to", async () => {
    const base = `${host.url}/runtime/webhooks/durabletask/orchestrators/child`;
    const init = { method: "POST", body: '{"deep":[1,null]}' };
    const waited = await fetch(`${base}/w1?timeout=5&pollingInterval=1`, init);
    expect(waited.status).toBe(200);
    expect(await waited.json()).toEqual({ deep: [1, null] });
    const bad = await fetch(`${base}/w2`, { method: "POST", body: "{no json" });
    expect(bad.status).toBe(400);
  });

  it("an orchestrator that no function implements fails by name instead of waiting for ever", async () => {
    const status = await host.client.waitForCompletion("unknown-1");
    expect(status.runtimeStatus).toBe("Failed");
    expect(status.output).toMatch(/no function implements the orchestrator 'unknownOrchestrator'/);
  });
});

function inOneOrder(answer: unknown): unknown {
  if (!Array.isArray(answer)) return answer;
  const texts: string[] = answer.map((each) => JSON.stringify(each));
  return texts.toSorted();
}
