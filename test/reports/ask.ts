import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

const startedSchema = z.strictObject({ id: z.string(), statusUrl: z.url() });
const statusSchema = z.strictObject({
  id: z.string(),
  state: z.enum(["running", "succeeded", "failed", "paused", "cancelled"]),
  error: z.string().nullable(),
  report: z.unknown(),
});

/** Asks for a report over HTTP and waits for how it ends. */
export async function asked(
  app: string,
  route: string,
  body: object = {},
): Promise<z.infer<typeof statusSchema>> {
  const answer = await fetch(`${app}/api/${route}`, { method: "POST", body: JSON.stringify(body) });
  const text = await answer.text();
  if (answer.status !== 202) throw new Error(`POST /api/${route} answered ${answer.status}: ${text}`);
  const { statusUrl } = startedSchema.parse(JSON.parse(text));
  const end = Date.now() + 60_000;
  for (;;) {
    const status = statusSchema.parse(await (await fetch(statusUrl)).json());
    if (status.state !== "running") return status;
    if (Date.now() > end) throw new Error(`${statusUrl} is still running: ${status.error}`);
    await sleep(50);
  }
}

/** The report of a question; fails with the reason where there is none. */
export async function reportOf<T>(
  schema: z.ZodType<T>,
  app: string,
  route: string,
  body: object = {},
): Promise<T> {
  const { state, error, report } = await asked(app, route, body);
  if (state !== "succeeded") throw new Error(`The report of ${route} ${state}: ${error}`);
  return schema.parse(report);
}
