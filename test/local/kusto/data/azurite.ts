import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StorageEndpoints } from "../../../../local/kusto/data/storageEndpoints.ts";
import { storageAccount } from "../../../../local/stack/storageAccount.ts";

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address !== null && typeof address === "object"
          ? resolve(address.port)
          : reject(new Error("no port")),
      );
    });
  });
}

async function answers(url: string): Promise<boolean> {
  return await fetch(url).then(
    () => true,
    () => false,
  );
}

/** A storage emulator of its own for a test file. */
export interface Azurite {
  readonly endpoints: StorageEndpoints;
  readonly stop: () => Promise<void>;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => child.once("exit", () => resolve()));
}

export async function startAzurite(): Promise<Azurite> {
  const [blob, queue, table] = [await freePort(), await freePort(), await freePort()];
  const folder = await mkdtemp(join(tmpdir(), "azurite-"));
  const options = [
    "--inMemoryPersistence",
    "--silent",
    "--skipApiVersionCheck",
    "--disableTelemetry",
    "--blobPort",
    `${blob}`,
    "--queuePort",
    `${queue}`,
    "--tablePort",
    `${table}`,
  ];
  const script = join(import.meta.dirname, "../../../../node_modules/azurite/dist/src/azurite.js");
  const child = spawn(process.execPath, [script, ...options], { cwd: folder, stdio: "ignore" });
  for (let attempt = 0; ; attempt++) {
    if (
      (await answers(`http://127.0.0.1:${blob}/`)) &&
      (await answers(`http://127.0.0.1:${queue}/`)) &&
      (await answers(`http://127.0.0.1:${table}/`))
    )
      break;
    if (attempt > 300 || child.exitCode !== null) throw new Error("Azurite didn't start.");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const at = (port: number): string => `http://127.0.0.1:${port}/${storageAccount.name}`;
  return {
    endpoints: {
      account: storageAccount.name,
      key: storageAccount.key,
      blob: at(blob),
      queue: at(queue),
      table: at(table),
    },
    stop: async () => {
      child.kill("SIGTERM");
      await ended(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
