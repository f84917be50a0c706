import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { appFolder } from "../../../local/stack/siblings.ts";
import { startStack } from "../../../local/stack/stack.ts";

/** An app with a health function that tells its settings. */
async function writeApp(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "stack-app-"));
  await symlink(join(appFolder, "node_modules"), join(folder, "node_modules"));
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify({ name: "app", type: "module", main: "index.js" }),
  );
  await writeFile(join(folder, "host.json"), JSON.stringify({ version: "2.0" }));
  await writeFile(
    join(folder, "index.js"),
    `import { app } from "@azure/functions";
app.http("health", { route: "health", methods: ["GET"], authLevel: "anonymous", handler: () => ({
  jsonBody: { lake: process.env.KUSTO_COPY_LAKE, tick: process.env.KUSTO_COPY_TICK, pid: process.pid },
}) });
`,
  );
  return folder;
}

test("the host runs the app with the settings of the stack, those given last, and is ready when health answers", async () => {
  const app = await writeApp();
  const stack = await startStack({ host: true, app, settings: { KUSTO_COPY_TICK: "*/5 * * * * *" } });
  try {
    const health = (await (await fetch(`${stack.urls.functions}/api/health`)).json()) as Record<
      string,
      unknown
    >;
    expect(health.lake).toBe(stack.settings.KUSTO_COPY_LAKE);
    expect(health.tick).toBe("*/5 * * * * *");
    expect(Object.keys(stack.pids).sort()).toEqual([
      "arm",
      "azurite",
      "destination",
      "events",
      "host",
      "lake",
      "source",
    ]);
    expect(health.pid).toBe(stack.pids.host);
  } finally {
    await stack.stop();
    await rm(app, { recursive: true, force: true });
  }
});

test("an app that can't be loaded ends the start with what the host said", async () => {
  const app = await writeApp();
  await writeFile(join(app, "index.js"), 'throw new Error("no good");');
  try {
    await expect(startStack({ host: true, app, without: ["source", "destination"] })).rejects.toThrow(
      /Functions host.*[\s\S]*no good/,
    );
  } finally {
    await rm(app, { recursive: true, force: true });
  }
});

test("tables and their rows are there at the next start, where data is kept", async () => {
  const folder = await mkdtemp(join(tmpdir(), "stack-keep-"));
  const ask = async (kusto: string, kind: "mgmt" | "query", csl: string) => {
    const response = await fetch(`${kusto}/v1/rest/${kind}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ db: "Samples", csl }),
    });
    const body = (await response.json()) as { Tables: { Rows: unknown[][] }[] };
    return body.Tables[0]?.Rows;
  };
  try {
    const first = await startStack({ host: false, data: folder, samples: true });
    await ask(first.urls.sourceKusto, "mgmt", ".set-or-append Mine <| print x = 42");
    await first.stop();
    const second = await startStack({ host: false, data: folder, samples: true });
    try {
      expect(second.fresh).toBe(false);
      expect(await ask(second.urls.sourceKusto, "query", "Mine")).toEqual([[42]]);
      expect(await ask(second.urls.sourceKusto, "query", "movies | count")).toEqual([[3201]]);
    } finally {
      await second.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
