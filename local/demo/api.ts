import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

const tableSchema = z.object({
  name: z.string(),
  state: z.string(),
  windows: z.object({ total: z.number(), exported: z.number(), staged: z.number(), promoted: z.number() }),
  rows: z.number(),
  bytes: z.number(),
  error: z.string().nullable(),
});

const copySchema = z.object({
  id: z.string(),
  state: z.string(),
  iteration: z.number().nullable(),
  lagSeconds: z.number().nullable(),
  tables: z.array(tableSchema),
  warnings: z.array(z.string()),
  error: z.string().nullable(),
});

export type Copy = z.infer<typeof copySchema>;

/** Starts a copy over the app's HTTP API and follows it to its end, telling of each look at it. */
export async function runCopy(app: string, onLook: (copy: Copy) => void, body: object = {}): Promise<Copy> {
  const answer = await fetch(`${app}/api/copies`, { method: "POST", body: JSON.stringify(body) });
  const text = await answer.text();
  if (answer.status !== 202) throw new Error(`POST /api/copies answered ${answer.status}: ${text}`);
  const { statusUrl } = z.object({ statusUrl: z.string() }).parse(JSON.parse(text));
  for (;;) {
    const look = await fetch(statusUrl);
    if (!look.ok) throw new Error(`GET ${statusUrl} answered ${look.status}: ${await look.text()}`);
    const copy = copySchema.parse(await look.json());
    onLook(copy);
    if (copy.state !== "running") return copy;
    await sleep(250);
  }
}
