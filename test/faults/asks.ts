import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { askFor } from "../../lake/control.ts";
import { lakeOf } from "../copy/leftovers.ts";
import type { Stage } from "./stage.ts";
import type { SmallCopy } from "./variants.ts";

const PATIENCE_MS = 120_000;

/** Pauses a copy and resumes it, over HTTP, asking again as a user would. Answers where it was refused without a reason. */
export async function pauseAndResume(stage: Stage, copy: SmallCopy, id: string): Promise<string[]> {
  const problems: string[] = [];
  for (const verb of ["pause", "resume"] as const) {
    const known = await asked(stage, id, verb, problems);
    // With its task hub the copy's id is gone: whoever has the lake resumes it there, as the command line does.
    if (!known && verb === "resume") await askFor(lakeOf(stage.copies.stack, copy.folder), "run", "a user");
  }
  return problems;
}

const problemSchema = z.object({ title: z.string().min(1), detail: z.string().min(1) });

/** Asks until it is taken in. False where the app doesn't know the copy any more. */
async function asked(stage: Stage, id: string, verb: string, problems: string[]): Promise<boolean> {
  const end = Date.now() + PATIENCE_MS;
  while (Date.now() < end) {
    try {
      const url = `${await stage.app()}/api/copies/${encodeURIComponent(id)}/${verb}`;
      const answer = await fetch(url, { method: "POST" });
      const text = await answer.text();
      if (answer.status === 202) return true;
      if (answer.status === 404) return false;
      if (!problemSchema.safeParse(JSON.parse(text)).success)
        problems.push(`${verb} answered ${answer.status} without a reason: ${text}`);
    } catch (error) {
      // The app is being killed, and asked again when it is there.
      if (error instanceof SyntaxError) throw error;
    }
    await sleep(100);
  }
  problems.push(`${verb} was not taken in within ${PATIENCE_MS / 1000} s`);
  return false;
}
