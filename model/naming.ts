import { windowPlace } from "./checkpoint/entries.ts";

/**
 * Names of what a copy creates in the destination and in the lake. `copyId` is drawn when a log begins, so that two
 * copies that share a destination, or a log begun anew in a folder that was used before, never meet.
 */

/** Tag of what one attempt at a window ingested; taken off after the commit. */
export function attemptTag(copyId: string, run: number, window: string, attempt: number): string {
  return `${attemptTagsStart(copyId)}${run}/${window}/${attempt}`;
}

/** Copy, run and iteration of an attempt's tag; undefined for every other tag. */
export function tagOwner(tag: string): { copyId: string; run: number; iteration: number } | undefined {
  const match =
    /^kc:([0-9a-f]{8})\/(0|[1-9]\d{0,14})\/(0|[1-9]\d{0,14})\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\/(?:0|[1-9]\d*)$/.exec(
      tag,
    );
  return match?.[1] === undefined
    ? undefined
    : { copyId: match[1], run: Number(match[2]), iteration: Number(match[3]) };
}

/** How each tag of a copy's attempts begins. */
export function attemptTagsStart(copyId: string): string {
  return `kc:${copyId}/`;
}

/** Tag that stays: extents merge only within a day of the source's ingestion time, so a day can be replaced. */
export function dayTag(day: string): string {
  return `drop-by:kc-${day}`;
}

/**
 * A run's own staging table: what an older run still has in flight lands in that run's table, where nobody looks.
 */
export function stagingTable(copyId: string, run: number, iteration: number, table: number): string {
  return `${STAGING_PREFIX}${copyId}_${run}_${iteration}_${table}`;
}

export const STAGING_PREFIX = "KC_Staging_";

/** Copy, run and iteration of a staging table's name; undefined for every other name, as what it owns may be dropped. */
export function stagingOwner(name: string): { copyId: string; run: number; iteration: number } | undefined {
  const match = /^KC_Staging_([0-9a-f]{8})_(0|[1-9]\d{0,14})_(0|[1-9]\d{0,14})_(?:0|[1-9]\d*)$/.exec(name);
  return match?.[1] === undefined
    ? undefined
    : { copyId: match[1], run: Number(match[2]), iteration: Number(match[3]) };
}

/** Folder that holds every run's staged files, below the lake folder. */
export const STAGED_FOLDER = "staged";

/** Folder of what one run exported for an iteration, below the lake folder. */
export function iterationFolder(run: number, iteration: number): string {
  return `${STAGED_FOLDER}/${run}/${iteration}`;
}

/** Folder of one attempt's exported files, below the lake folder. */
export function attemptFolder(run: number, window: string, attempt: number): string {
  return `${iterationFolder(run, windowPlace(window).iteration)}/${window}/${attempt}`;
}
