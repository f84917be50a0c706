import { fileURLToPath } from "node:url";
import { type Host, type HostOptions, startHost } from "../../../local/host/startHost.ts";

export const appDirectory = fileURLToPath(new URL("app", import.meta.url));

/** The recorded app under a host of this process, its lines kept instead of printed. */
export async function startTestHost(
  options: Partial<HostOptions> = {},
): Promise<Host & { url: string; lines: string[] }> {
  process.env.EVERY_SECOND ??= "* * * * * *";
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  const host = await startHost({ app: appDirectory, port: 0, timers: false, write, ...options });
  return { ...host, url: host.url ?? "", lines };
}

interface KeptActivity {
  name: string;
  input: unknown;
  result: unknown;
  triggerMetadata: { instanceId?: string };
}

/** What the recorded app keeps in the process for its tests. */
declare global {
  var recordedTurns: { name: string; input: { instanceId: string }; result: unknown; threw: unknown }[];
  var recordedActivities: KeptActivity[];
  var recordedWork: Map<string, Record<string, number>>;
  var recordedTimers: { isPastDue: boolean; atStart?: boolean }[];
  var recordedBinding: unknown;
}

export async function eventually<T>(
  what: string,
  ask: () => Promise<T | null> | T | null,
  milliseconds = 15_000,
): Promise<T> {
  const end = Date.now() + milliseconds;
  for (;;) {
    const found = await ask();
    if (found !== null) return found;
    if (Date.now() > end) throw new Error(`${what}: not within ${milliseconds} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
