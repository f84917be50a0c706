import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Lake, startLake } from "../../../local/lake/server.ts";
import { azuriteArguments } from "../../../local/stack/azuriteArguments.ts";
import { startChild } from "../../../local/stack/childProcess.ts";
import { freePorts } from "../../../local/stack/ports.ts";
import { urlsOf } from "../../../local/stack/settings.ts";
import { localFile } from "../../../local/stack/siblings.ts";
import { storageAccount } from "../../../local/stack/storageAccount.ts";
import { waitReady } from "../../../local/stack/waitReady.ts";

/** A real Azurite on free ports, and a lake in front of it. */
export async function startLakeForTests(): Promise<{
  lake: Lake;
  blobUrl: string;
  stop: () => Promise<void>;
}> {
  const ports = await freePorts();
  const folder = await mkdtemp(join(tmpdir(), "lake-test-"));
  const azurite = startChild({
    name: "Azurite",
    file: localFile("stack/azurite"),
    arguments: azuriteArguments(ports, undefined),
    directory: folder,
  });
  const blobUrl = urlsOf(ports).blob;
  await waitReady(azurite, blobUrl, (status) => status >= 400 && status < 500, 20_000);
  const lake = await startLake({
    port: 0,
    blobEndpoint: blobUrl,
    account: storageAccount.name,
    key: storageAccount.key,
  });
  return {
    lake,
    blobUrl,
    stop: async () => {
      await lake.close();
      await azurite.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
