import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const hostJsonSchema = z.looseObject({
  extensions: z.looseObject({ durableTask: z.looseObject({}) }),
});

/** The app setting that says where the scheduler is (infra/main.bicep). */
const SCHEDULER_ADDRESS = "DURABLE_TASK_SCHEDULER_CONNECTION_STRING";

/**
 * host.json for a Durable backend. The file itself has to name the other one: what scales the app reads the file, not
 * the settings.
 */
export async function hostJson(root: string, backend: "storage" | "scheduler"): Promise<Uint8Array> {
  const text = await readFile(join(root, "host.json"), "utf8");
  if (backend === "storage") return Buffer.from(text);
  const host = hostJsonSchema.parse(JSON.parse(text));
  const changed = {
    ...host,
    extensions: {
      ...host.extensions,
      durableTask: {
        ...host.extensions.durableTask,
        storageProvider: { type: "azureManaged", connectionStringName: SCHEDULER_ADDRESS },
      },
    },
  };
  return Buffer.from(`${JSON.stringify(changed, null, 2)}\n`);
}
