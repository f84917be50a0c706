import { parseArgs } from "node:util";
import { z } from "zod";
import { storageAccount } from "../stack/storageAccount.ts";
import { startLake } from "./server.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "10003" },
    blob: { type: "string", default: `http://127.0.0.1:10000/${storageAccount.name}` },
    account: { type: "string", default: storageAccount.name },
    key: { type: "string", default: storageAccount.key },
  },
});

const options = z
  .object({
    port: z.coerce.number().int().min(0).max(65535),
    blob: z.url(),
    account: z.string().min(1),
    key: z.base64(),
  })
  .parse(values);

const lake = await startLake({
  port: options.port,
  blobEndpoint: options.blob,
  account: options.account,
  key: options.key,
});
process.stdout.write(`${JSON.stringify({ ready: true, name: "lake", port: lake.port, url: lake.url })}\n`);
const stop = () => {
  lake.close().then(() => process.exit(0));
};
process.once("SIGTERM", stop);
process.once("SIGINT", stop);
