import { z } from "zod";
import type { Stack } from "../../local/stack/stack.ts";

/** A fault of the local lake, as `POST /local/faults` takes it (local/lake/faults.ts). */
export interface LakeFault {
  readonly match?: { readonly method?: string; readonly path?: string; readonly query?: string };
  readonly action: "fail" | "delay" | "loseAnswer" | "expire";
  readonly [property: string]: unknown;
}

const urlOf = (stack: Stack): URL => new URL("/local/faults", stack.urls.lake);

export async function addLakeFault(stack: Stack, fault: LakeFault): Promise<void> {
  const answer = await fetch(urlOf(stack), { method: "POST", body: JSON.stringify(fault) });
  if (!answer.ok) throw new Error(`${urlOf(stack)} answered ${answer.status}: ${await answer.text()}`);
}

export async function clearLakeFaults(stack: Stack): Promise<void> {
  await fetch(urlOf(stack), { method: "DELETE" });
}

/** How often the lake's faults have struck, in the order in which they were asked for. */
export async function lakeStrikes(stack: Stack): Promise<number[]> {
  const answer: unknown = await (await fetch(urlOf(stack))).json();
  return z
    .array(z.object({ struck: z.number() }))
    .parse(answer)
    .map((fault) => fault.struck);
}
