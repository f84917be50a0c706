import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { FOLLOW_VERBS } from "../../cli/follow/verbs.ts";
import { VERBS } from "../../cli/program/verbs.ts";
import { ROUTES } from "../../functions/routes.ts";
import { command, start } from "./command.ts";

/* What the command does to an app whose answers a test decides: those of a whole app are in verbs.test.ts. */

interface Asked {
  readonly method: string;
  readonly path: string;
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    answer(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

/** An app whose every copy and report is over as soon as it is asked for. */
async function app(jobs: readonly string[] = ["default"]): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const copies = jobs.map((job) => ({ ...OVER, id: `copy:${job}:1:5f70bf18-0` }));
  const url = await serve(({ method = "", url: path = "" }, response) => {
    asked.push({ method, path });
    const isList = method === "GET" && path === "/api/copies";
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(isList ? copies : OVER));
  });
  return { url, asked };
}

const OVER = {
  id: "copy:default:1:5f70bf18-0",
  state: "succeeded",
  iteration: 1,
  lagSeconds: 0,
  tables: [],
  error: null,
  report: null,
};
const KEY = { KUSTO_COPY_APP_KEY: "planted-key" };
const CLUSTER =
  "/subscriptions/3b241101-e2bb-4255-8caf-4136c566a962/resourceGroups/g/providers/Microsoft.Kusto/clusters";
const FOLLOWER = ["--follower", `${CLUSTER}/follower`];
const LEADER = ["--leader", `${CLUSTER}/leader`];

/** What a call of each verb gives beside the app. */
const CALLS: Readonly<Record<string, readonly string[]>> = {
  copy: [],
  plan: [],
  verify: [],
  doctor: [],
  status: [],
  pause: [],
  resume: [],
  cancel: [],
  resync: ["--tables", "Events"],
  "resync of days": ["--tables", "Events", "--days", "2026-11-20..2026-11-21"],
  "resume over": ["--start-over"],
  "follow attach": [...FOLLOWER, ...LEADER, "--databases", "A"],
  "follow list": FOLLOWER,
  "follow list of a leader": LEADER,
  "follow verify": FOLLOWER,
  "follow override": [...FOLLOWER, "--databases", "A", "--hot", "7d"],
  "follow detach": [...FOLLOWER, "--databases", "A"],
  "follow detach at the leader": [...LEADER, "--side", "leader", "--databases", "A"],
};

function routeOf({ method, path }: Asked): string | undefined {
  const [below = ""] = path.replace(/^\/api\//, "").split("?");
  return ROUTES.find(
    (route) =>
      route.method === method && new RegExp(`^${route.path.replace(/\{\w+\}/g, "[^/]+")}$`).test(below),
  )?.name;
}

describe("with --app", () => {
  it("each verb asks for routes that the app has, and for reports and operations until they are there", async () => {
    const verbs = [...VERBS.map(({ name }) => name), ...FOLLOW_VERBS.map(({ name }) => `follow ${name}`)];
    expect(verbs.filter((verb) => !(verb in CALLS))).toEqual([]);
    const asked = await Promise.all(
      Object.entries(CALLS).map(async ([call, options]) => {
        const { url, asked } = await app();
        const words = call.split(" ").slice(0, call.startsWith("follow") ? 2 : 1);
        await command([...words, "--app", url, ...options, "--yes"], { env: KEY });
        return [call, asked.map((each) => routeOf(each) ?? `none: ${each.method} ${each.path}`)] as const;
      }),
    );
    expect(Object.fromEntries(asked)).toMatchObject({
      copy: ["postCopies", "getCopy"],
      plan: ["postPlans", "getPlans"],
      verify: ["postVerifications", "getVerifications"],
      doctor: ["postChecks", "getChecks"],
      resume: ["listCopies", "resumeCopy", "getCopy"],
    });
    for (const [call, names] of asked) {
      expect([call, names.length > 0]).toEqual([call, true]);
      expect([call, names.filter((name) => name.startsWith("none"))]).toEqual([call, []]);
    }
  });

  it("the key goes to the app alone: a redirect isn't followed, and is told", async () => {
    const elsewhere: (string | undefined)[] = [];
    const other = await serve(({ headers }, response) => {
      elsewhere.push(String(headers["x-functions-key"]));
      response.end("[]");
    });
    const url = await serve((_, response) => response.writeHead(302, { location: other }).end());
    const { code, stderr } = await command(["status", "--app", url], { env: KEY });
    expect(elsewhere).toEqual([]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("by a redirect (302), which is not followed"),
    ]);
  });

  it("nothing is asked of a copy that only happens to be the newest of several jobs' copies", async () => {
    const { url, asked } = await app(["storms", "covid"]);
    for (const verb of ["pause", "resume", "cancel", "resync"]) {
      const call = [verb, "--app", url, ...(CALLS[verb] ?? []), "--yes"];
      const { code, stderr } = await command(call, { env: KEY });
      expect([verb, code, stderr]).toEqual([
        verb,
        2,
        expect.stringContaining("copies covid, storms: name one by --job"),
      ]);
    }
    expect(asked.filter(({ method }) => method !== "GET")).toEqual([]);
    expect((await command(["cancel", "--app", url, "--job", "covid", "--yes"], { env: KEY })).code).toBe(0);
    expect(asked.at(-1)?.path).toBe("/api/copies/copy%3Acovid%3A1%3A5f70bf18-0/cancel");
  });
});

it("Ctrl-C ends a look at an operation, and a question to a cluster that doesn't answer", async () => {
  const over = { id: "x", state: "running", error: null, progress: null, report: null };
  let looks = 0;
  const url = await serve(({ method }, response) => {
    if (method === "GET") looks++;
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(over));
  });
  let queries = 0;
  const silent = await serve(({ url: path = "" }, response) => {
    if (path.includes("auth/metadata")) response.writeHead(404).end();
    else queries++;
  });
  const empty = await serve((_, response) => response.writeHead(404).end());
  const lake = `${empty}/account/copy/folder;${Buffer.alloc(64, 1).toString("base64")}`;
  const look = start(["follow", "attach", "--app", url, ...(CALLS["follow attach"] ?? [])], { env: KEY });
  const question = start(["plan", "-l", lake, "-s", silent, "-d", silent, "--db", "Samples"]);
  await expect.poll(() => [looks > 0, queries > 0], { timeout: 30_000 }).toEqual([true, true]);
  look.signal("SIGINT");
  question.signal("SIGINT");
  expect([(await look.ended).code, (await question.ended).code]).toEqual([130, 130]);
}, 45_000);
