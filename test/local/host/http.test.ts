import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Host } from "../../../local/host/startHost.ts";
import { alike, readRecording } from "./recorded.ts";
import { startTestHost } from "./testHost.ts";

let host: Host & { url: string; lines: string[] };

beforeAll(async () => {
  host = await startTestHost();
});

afterAll(() => host.stop());

describe("HTTP functions", () => {
  it("get parameters, query, headers and body, and answer status, headers and cookies", async () => {
    const response = await fetch(`${host.url}/api/echo/a%20b/12?x=1&y=%C3%A9`, {
      method: "PUT",
      body: "héllo",
      headers: { "x-test": "t" },
    });
    expect(response.status).toBe(207);
    expect(response.headers.get("x-custom")).toBe("yes");
    expect(response.headers.get("set-cookie")).toBe("c=v; path=/; httponly");
    expect(await response.json()).toEqual({
      method: "PUT",
      params: { first: "a b", second: "12" },
      query: { x: "1", y: "é" },
      header: "t",
      body: "héllo",
    });
  });

  it("leave an optional parameter out", async () => {
    const response = await fetch(`${host.url}/API/Echo/abc`);
    expect(await response.json()).toMatchObject({ params: { first: "abc" } });
  });

  it.each([
    ["a route that isn't there", "GET", "/api/nobody", 404],
    ["a method the function doesn't take", "DELETE", "/api/ping", 404],
    ["a parameter of the wrong type", "GET", "/api/echo/abc/notint", 404],
    ["a function that throws", "GET", "/api/throws", 500],
    ["a function that returns nothing", "GET", "/api/nothing", 204],
  ])("%s: %s %s answers %i, and nothing else", async (_, method, path, status) => {
    const response = await fetch(host.url + path, { method });
    expect(response.status).toBe(status);
    expect(await response.text()).toBe("");
  });

  it("take and give bytes and streams as they are", async () => {
    const bytes = new Uint8Array([0, 255, 128, 13, 10]);
    const echoed = await fetch(`${host.url}/api/bytes`, { method: "POST", body: bytes });
    expect(new Uint8Array(await echoed.arrayBuffer())).toEqual(bytes);
    const streamed = await fetch(`${host.url}/api/stream`);
    expect(await streamed.text()).toBe(`${"a".repeat(1000)}b`);
  });

  it("log by the levels of host.json", async () => {
    await fetch(`${host.url}/api/logs`);
    expect(host.lines.some((line) => line.includes("said at information"))).toBe(true);
    expect(host.lines.some((line) => line.includes("said at debug"))).toBe(false);
  });
});

describe("the durable client binding", () => {
  it("is as the real host gives it", async () => {
    await fetch(`${host.url}/api/start/chain/binding-1`, { method: "POST" });
    const recorded = readRecording("bindings.json", z.object({ durableClientBinding: z.unknown() }));
    const own = JSON.stringify(globalThis.recordedBinding).replace(/code=[\w-]+/g, "code=KEY");
    // The recorded host called itself by https, and had fixed ports.
    const plain = (text: string): string => text.replace(/https?:\/\/127\.0\.0\.1:\d+/g, "http://host");
    expect(JSON.parse(plain(own))).toEqual(JSON.parse(plain(JSON.stringify(recorded.durableClientBinding))));
  });

  it("asks for the status of an instance", async () => {
    await host.client.waitForCompletion("binding-1");
    const response = await fetch(`${host.url}/api/status/binding-1`);
    expect(await response.json()).toMatchObject({ runtimeStatus: "Completed", name: "chain" });
  });

  it("starts no second instance under a running one's id", async () => {
    const start = () => fetch(`${host.url}/api/start/waits/binding-2`, { method: "POST" });
    expect((await start()).status).toBe(202);
    expect((await start()).status).toBe(500);
  });

  it("works for a host that doesn't listen", async () => {
    const quiet = await startTestHost({ listen: false });
    expect(quiet.url).toBe("");
    const id = quiet.client.startNew("fan");
    expect((await quiet.client.waitForCompletion(id)).output).toEqual([1, 2, 3]);
    await quiet.stop();
  });
});

describe("keys, when they are asked for", () => {
  let locked: Host & { url: string };
  beforeAll(async () => {
    locked = await startTestHost({ keys: true });
  });
  afterAll(() => locked.stop());

  const get = async (path: string, key?: string): Promise<number> => {
    const headers = key === undefined ? {} : { "x-functions-key": key };
    return (await fetch(locked.url + path, { headers })).status;
  };

  it("open each level to its key and to the master key", async () => {
    const { keys } = locked;
    expect(await get("/api/ping")).toBe(200);
    expect(await get("/api/echo/a")).toBe(401);
    expect(await get("/api/echo/a", "wrong")).toBe(401);
    expect(await get("/api/echo/a", keys.function)).toBe(207);
    expect(await get(`/api/echo/a?code=${keys.master}`)).toBe(207);
    expect(await get("/api/adminOnly", keys.function)).toBe(401);
    expect(await get("/api/adminOnly", keys.master)).toBe(200);
  });

  it("guard the management endpoints, whose addresses carry theirs", async () => {
    const started = await fetch(`${locked.url}/api/start/chain/locked-1`, { method: "POST" });
    const { statusQueryGetUri } = z.object({ statusQueryGetUri: z.string() }).parse(await started.json());
    expect((await fetch(statusQueryGetUri)).ok).toBe(true);
    expect(alike(statusQueryGetUri)).toMatch(/instances\/locked-1\?taskHub=Rec&connection=Storage&code=KEY$/);
    expect(await get("/runtime/webhooks/durabletask/instances")).toBe(401);
    expect(await get("/runtime/webhooks/durabletask/instances", locked.keys.function)).toBe(401);
    expect(await get("/runtime/webhooks/durabletask/instances", locked.keys.master)).toBe(200);
  });

  it("are off otherwise", async () => {
    expect((await fetch(`${host.url}/api/adminOnly`)).status).toBe(200);
  });
});
