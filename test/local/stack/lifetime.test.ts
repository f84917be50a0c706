import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { access, mkdtemp, rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { expect, test } from "vitest";
import { nodeExecutable } from "../../../local/stack/siblings.ts";
import { startStack } from "../../../local/stack/stack.ts";
import { storageAccount } from "../../../local/stack/storageAccount.ts";

const storageOnly = { host: false, without: ["source", "destination"] } as const;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function allGone(pids: readonly number[]): Promise<boolean> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (!pids.some(isAlive)) return true;
    await sleep(100);
  }
  return false;
}

test("a stack answers on all its addresses, and leaves no process behind when it is stopped", async () => {
  const stack = await startStack(storageOnly);
  const pids = Object.values(stack.pids);
  expect(pids).toHaveLength(4);
  const blobs = new BlobServiceClient(
    stack.urls.lake,
    new StorageSharedKeyCredential(storageAccount.name, storageAccount.key),
  );
  await blobs.getContainerClient("copy").create();
  expect((await fetch(`${stack.urls.events}/events`)).status).toBe(200);
  expect((await fetch(stack.urls.arm)).status).toBe(404);
  expect(stack.settings.KUSTO_COPY_LAKE).toBe(`${stack.urls.lake}/copy/demo;${storageAccount.key}`);
  await stack.stop();
  expect(await allGone(pids)).toBe(true);
});

test("when a process dies, the rest is stopped and it is told which it was", async () => {
  const stack = await startStack(storageOnly);
  const lake = stack.pids.lake;
  if (lake === undefined) throw new Error("no lake");
  process.kill(lake, "SIGKILL");
  const error = await stack.failed;
  expect(error.message).toMatch(/data lake.*SIGKILL/i);
  expect(await allGone(Object.values(stack.pids))).toBe(true);
});

/** A process that runs a stack and tells its process ids and its folder. */
function startSupervisor() {
  const child = spawn(nodeExecutable(), [fileURLToPath(new URL("supervisor.ts", import.meta.url))], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const told = new Promise<{ pids: number[]; workspace: string }>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) =>
      resolve(JSON.parse(line) as { pids: number[]; workspace: string }),
    );
    child.once("exit", () => reject(new Error("The supervisor ended")));
  });
  return { child, told };
}

test("when the process that started it is killed, nothing is left", async () => {
  const { child, told } = startSupervisor();
  const { pids, workspace } = await told;
  expect(pids.every(isAlive)).toBe(true);
  expect(existsSync(workspace)).toBe(true);
  child.kill("SIGKILL");
  expect(await allGone(pids)).toBe(true);
  expect(existsSync(workspace)).toBe(false);
});

test("kept data is there at the next start, and fresh data is gone", async () => {
  const folder = await mkdtemp("/tmp/stack-keep-");
  const key = new StorageSharedKeyCredential(storageAccount.name, storageAccount.key);
  try {
    const first = await startStack({ ...storageOnly, data: folder });
    expect(first.fresh).toBe(true);
    const container = new BlobServiceClient(first.urls.lake, key).getContainerClient("copy");
    await container.create();
    await container.getBlockBlobClient("a/b").upload("kept", 4);
    await first.stop();
    await access(folder);
    const second = await startStack({ ...storageOnly, data: folder });
    try {
      expect(second.fresh).toBe(false);
      const blob = new BlobServiceClient(second.urls.lake, key)
        .getContainerClient("copy")
        .getBlockBlobClient("a/b");
      expect((await blob.downloadToBuffer()).toString()).toBe("kept");
    } finally {
      await second.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
