import { askResync } from "../../lake/control.ts";
import { addFault, createIdTable, loadIds } from "../copy/drive.ts";
import { lakeOf } from "../copy/leftovers.ts";
import { cursorsGiven } from "../copy/support.ts";
import type { Strike } from "./director.ts";
import type { Stage } from "./stage.ts";

/** What is a copy's own in the way in which it copies. */
interface Way {
  readonly ingestion: "queued" | "direct";
  readonly visibility: "iteration" | "window";
  /** The first file comes so late into staging that the copy asks whether its ingestion failed. */
  readonly comesLate: boolean;
  /** What strikes it before anything else does. */
  readonly first: readonly Strike[];
  /** What its second iteration brings: new rows, or a day whose rows are others at the source than they were. */
  readonly second: "rows" | "day";
  /** Before its second iteration it is asked to pause, and then resumed. */
  readonly paused: boolean;
}

const PLAIN: Way = {
  ingestion: "queued",
  visibility: "iteration",
  comesLate: false,
  first: [],
  second: "rows",
  paused: false,
};

/** Its windows are staged when it dies, and whoever goes on without its task hub takes them over. */
const DIES_STAGED: Strike = { effect: "lake: PUT log/N.json promotionIntended", nth: 1, fault: "diesBefore" };

/** Ways to copy that have effects of their own. */
export const VARIANTS = {
  queued: PLAIN,
  direct: { ...PLAIN, ingestion: "direct", visibility: "window", paused: true },
  late: { ...PLAIN, comesLate: true },
  days: { ...PLAIN, second: "day" },
  adopting: { ...PLAIN, first: [DIES_STAGED] },
} as const satisfies Readonly<Record<string, Way>>;

export type Variant = keyof typeof VARIANTS;

/** A copy of two small tables: one with rows of two days, and one that is copied whole. */
export interface SmallCopy {
  readonly place: string;
  readonly folder: string;
  readonly variant: Variant;
}

export const TABLES = ["Events", "Names"] as const;

const HISTORY = "2024-05-01";
const OF_HISTORY = { ingestedAt: `${HISTORY}T12:00:00Z`, createdOn: `${HISTORY}T12:00:00Z` };
/** Later than ten polls, after which a copy asks for failures, and than thirty, after which it asks for its slots; milliseconds. */
const COMES_LATE_MS = 3500;

/** Ids from one up to another: rows of one ingestion. */
type Ids = readonly [number, number];

const OLD_DAY: Ids = [0, 40];
const TODAY: Ids = [40, 70];
const NAMES: Ids = [0, 10];
/** What comes, or what the old day's rows become. */
const NEW_EVENTS: Ids = [70, 90];
const NEW_NAMES: Ids = [10, 15];
const CHANGED_DAY: Ids = [20, 60];

/**
 * What a table of the destination may hold whenever an iteration has ended, however it ended: all that an iteration or a window
 * shows, or none of it. `changed`: after the first iterations, with which all of history is there.
 */
export function contentsOf(
  variant: Variant,
  table: (typeof TABLES)[number],
  changed: boolean,
): readonly (readonly string[])[] {
  const { visibility, second } = VARIANTS[variant];
  return contents().map((ids) => ids.flatMap(([from, to]) => rowsOfIds(from, to)).toSorted());

  function contents(): readonly (readonly Ids[])[] {
    if (table === "Names") {
      if (!changed) return [[], [NAMES]];
      return second === "rows" ? [[NAMES], [NAMES, NEW_NAMES]] : [[NAMES]];
    }
    const history = [OLD_DAY, TODAY];
    if (!changed) return visibility === "window" ? [[], [OLD_DAY], [TODAY], history] : [[], history];
    if (second === "rows") return [history, [...history, NEW_EVENTS]];
    // The day is replaced by what the source has of it up to the cursor, which is nothing; its rows came since, and come as new ones.
    return [history, [TODAY], [...history, CHANGED_DAY], [TODAY, CHANGED_DAY]];
  }
}

function rowsOfIds(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `${from + i} row ${from + i}`);
}

/** Makes a place's two databases as the copy finds them: the source with its tables, the destination empty. */
export async function prepare(stage: Stage, { place, folder, variant }: SmallCopy): Promise<void> {
  for (const client of [stage.source, stage.destination]) {
    const tables = await client.command(place, ".show tables | project TableName");
    for (const { TableName } of tables) await client.command(place, `.drop table ['${String(TableName)}']`);
  }
  const { sourceKusto, destinationKusto } = stage.copies.stack.urls;
  for (const table of TABLES) await createIdTable(stage.source, place, `['${folder}${table}']`);
  await loadIds(sourceKusto, place, `${folder}Events`, OLD_DAY, OF_HISTORY);
  await loadIds(sourceKusto, place, `${folder}Events`, TODAY);
  await loadIds(sourceKusto, place, `${folder}Names`, NAMES);
  await cursorsGiven();
  if (VARIANTS[variant].comesLate)
    await addFault(destinationKusto, {
      match: { kind: "queue", database: place },
      action: "delay",
      afterMs: COMES_LATE_MS,
    });
}

/** Takes a copy's lake folder away: the local storage looks through all that it holds for each blob that it is asked for. */
export async function removeFolder(stage: Stage, { folder }: SmallCopy): Promise<void> {
  const { files, location } = lakeOf(stage.copies.stack, folder);
  const container = files.getFileSystemClient(location.container);
  await container.getDirectoryClient(folder).deleteIfExists(true);
}

/** What happens between the first iteration and the second. */
export async function change(stage: Stage, copy: SmallCopy): Promise<void> {
  const { place, folder, variant } = copy;
  const cluster = stage.copies.stack.urls.sourceKusto;
  if (VARIANTS[variant].second === "day") await changeDay(stage, copy);
  else {
    await loadIds(cluster, place, `${folder}Events`, NEW_EVENTS);
    await loadIds(cluster, place, `${folder}Names`, NEW_NAMES);
  }
  await cursorsGiven();
}

/** The source gets other rows for its day of history, and the day is asked for again. */
async function changeDay(stage: Stage, { place, folder }: SmallCopy): Promise<void> {
  const table = `${folder}Events`;
  const extents = await stage.source.query(
    place,
    `['${table}'] | where Id < ${OLD_DAY[1]} | distinct Extent = tostring(extent_id())`,
  );
  for (const { Extent } of extents) await stage.source.command(place, `.drop extent ${String(Extent)}`);
  await loadIds(stage.copies.stack.urls.sourceKusto, place, table, CHANGED_DAY, OF_HISTORY);
  await askResync(lakeOf(stage.copies.stack, folder), [table], "whoever changed the day", [HISTORY]);
}
