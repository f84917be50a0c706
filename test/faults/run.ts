import { setTimeout as sleep } from "node:timers/promises";
import type { Delivery, Hub } from "./app.ts";
import { pauseAndResume } from "./asks.ts";
import { copyUntilEqual } from "./copies.ts";
import { missedOf, type Strike, type Track } from "./director.ts";
import { broken } from "./promise.ts";
import { compareRows } from "./rows.ts";
import type { Stage } from "./stage.ts";
import { change, prepare, removeFolder, type SmallCopy, VARIANTS, type Variant } from "./variants.ts";

/** A copy, and what strikes it. */
export interface Case {
  readonly name: string;
  readonly variant: Variant;
  /** 1: history alone; 2: then what has come since, too. */
  readonly iterations: 1 | 2;
  readonly strikes: readonly Strike[];
  readonly deliveries: readonly Delivery[];
}

export interface Outcome {
  /** What of the promise is broken; empty where all of it is kept. */
  readonly problems: readonly string[];
  /** What was to strike and did not. */
  readonly missed: readonly string[];
  /** The queries that a cluster might have answered as it was some while ago. */
  readonly weak: readonly string[];
  /** Effects of the copy in the order in which they came, with how often. */
  readonly seen: ReadonlyMap<string, number>;
  /** Those of them that history had, with how often it had them. */
  readonly seenFirst: ReadonlyMap<string, number>;
}

let folders = 0;

/** Runs a case at a place and looks what of the promise is broken. */
export async function runCase(
  stage: Stage,
  place: string,
  { variant, iterations, strikes, deliveries }: Case,
  onTrack: (track: Track) => void = () => undefined,
): Promise<Outcome> {
  const copy: SmallCopy = { place, folder: `${place}x${++folders}`, variant };
  await prepare(stage, copy);
  for (const delivery of deliveries) await stage.deliver(delivery, copy.folder);
  const track = stage.director.arm(place, [...VARIANTS[variant].first, ...strikes]);
  onTrack(track);
  const { problems, id } = await copyUntilEqual(stage, copy, false);
  const seenFirst = new Map(track.seen);
  const changed = problems.length === 0 && iterations === 2;
  if (changed) {
    await change(stage, copy);
    if (VARIANTS[variant].paused) problems.push(...(await pauseAndResume(stage, copy, id)));
    problems.push(...(await copyUntilEqual(stage, copy, true)).problems);
  }
  stage.director.disarm(place);
  const undelivered = deliveries.length === 0 ? [] : await stage.delivered(copy.folder);
  // What was delivered late came after the rows were compared.
  if (deliveries.length > 0) problems.push(...(await compareRows(stage, copy, changed)).differing);
  problems.push(...(await brokenAtLast(stage, copy, changed)));
  const missed = [...missedOf(track, strikes), ...undelivered];
  await removeFolder(stage, copy);
  return { problems, missed, weak: [...track.weak], seen: track.seen, seenFirst };
}

/** What is left over where a clean-up failed is the next iteration's to take away: it is given one. */
async function brokenAtLast(stage: Stage, copy: SmallCopy, changed: boolean): Promise<string[]> {
  const left = await broken(stage, copy);
  if (left.length === 0) return [];
  const { problems } = await copyUntilEqual(stage, copy, changed);
  return problems.length > 0 ? problems : broken(stage, copy);
}

export interface Killing {
  /** How many of the running have to be dead, from 0 to 1, before the process that they share is killed. */
  readonly share: number;
  /** How long the living go on at most after the first of a batch has died, milliseconds. */
  readonly graceMs: number;
  /** Whether the next host finds the task hub of the killed one. */
  readonly hub: () => Hub;
}

/**
 * Runs cases side by side, each at a place of its own, in one app. Deaths in them kill that app: what has died does
 * nothing more, what lives is killed with it.
 */
export async function runBatch(stage: Stage, cases: readonly Case[], killing: Killing): Promise<Outcome[]> {
  let running = cases.length;
  const tracks: Track[] = [];
  const outcomes = Promise.all(
    cases.map(async (each, i) => {
      try {
        return await runCase(stage, stage.places[i] ?? "", each, (track) => tracks.push(track));
      } finally {
        running -= 1;
      }
    }),
  );
  // Whoever awaits the outcomes hears of a failure; until then it is not unhandled.
  outcomes.catch(() => undefined);
  let since: number | undefined;
  while (running > 0) {
    const dead = tracks.filter((track) => track.isDead()).length;
    if (dead > 0) {
      since ??= Date.now();
      if (dead >= running * killing.share || Date.now() - since >= killing.graceMs) {
        await stage.kill(killing.hub());
        since = undefined;
      }
    }
    await sleep(50);
  }
  return outcomes;
}
