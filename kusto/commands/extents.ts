import { z } from "zod";
import { MAX_TICKS, TICKS_PER_SECOND } from "../../model/ticks.ts";
import { datetimeLiteral, guidList, guidLiteral, nameList, quoteName, quoteString } from "../names.ts";

export interface ExtentFilter {
  readonly ids?: readonly string[] | undefined;
  /** All of them must be on an extent: `has` compares whole tags. */
  readonly tags?: readonly string[] | undefined;
  /** What a tag of an extent must hold, in any case. */
  readonly tagPart?: string | undefined;
}

/**
 * The extents of a table, filtered by the command itself, which is faster than a pipe
 * (`kusto/management/show-extents.md`).
 */
export function showExtents(table: string, filter: ExtentFilter = {}): string {
  return `.show table ${quoteName(table)} extents${extentFilter(filter)}`;
}

/** The extents of several tables in one answer. */
export function showExtentsOfTables(tables: readonly string[], filter: ExtentFilter = {}): string {
  return `.show tables ${nameList(tables)} extents${extentFilter(filter)}`;
}

function extentFilter({ ids, tags = [], tagPart }: ExtentFilter): string {
  const idText = ids === undefined ? "" : ` ${guidList(ids)}`;
  const parts = tagPart === undefined ? [] : [`tags contains ${quoteString(tagPart)}`];
  const conditions = [...tags.map((tag) => `tags has ${quoteString(tag)}`), ...parts].join(" and ");
  return conditions === "" ? idText : `${idText} where ${conditions}`;
}

const size = z.union([z.number(), z.bigint().transform(Number)]);

export const extentAnswer = z.object({
  ExtentId: z.string(),
  TableName: z.string(),
  RowCount: z.bigint(),
  OriginalSize: size,
  MinCreatedOn: z.string(),
  MaxCreatedOn: z.string(),
  /** Tags one to a line; the documentation splits them at CR LF (`kusto/management/drop-extent-tags.md`). */
  Tags: z.string().transform((text) => text.split(/[\r\n]+/).filter((tag) => tag !== "")),
});

export type Extent = z.infer<typeof extentAnswer>;

export interface CreatedRange {
  /**
   * The creation times of the extents, both ends included, in ticks. They make the command faster, and are marked as
   * required in the documentation.
   */
  readonly createdFrom: bigint;
  readonly createdTo: bigint;
}

export interface MoveExtents extends CreatedRange {
  readonly from: string;
  readonly to: string;
  readonly ids: readonly string[];
}

/**
 * Moves these very extents, all or none (`kusto/management/move-extents.md`), with a new ingestion time so that
 * cursors, materialized views and continuous exports downstream see the rows.
 */
export function moveExtents({ from, to, ids, ...range }: MoveExtents): string {
  return `.move extents from table ${quoteName(from)} to table ${quoteName(to)} with (${moveProperties(range)}) ${guidList(ids)}`;
}

/** The answer of `.move extents` and `.replace extents`. A failure can come as a row: `readMoved` refuses it. */
export const moveAnswer = z.object({
  OriginalExtentId: z.string(),
  /** "Failed" where it failed; empty where `.replace` dropped the extent. */
  ResultExtentId: z.string().nullable(),
  Details: z.string().nullable(),
});

export type MovedExtent = z.infer<typeof moveAnswer>;

/** The rows that say that a move, or a change of tags, failed (`ResultExtentId` is "Failed" then). */
export function failedMoves<Row extends { readonly ResultExtentId?: string | null | undefined }>(
  rows: readonly Row[],
): Row[] {
  return rows.filter((row) => row.ResultExtentId?.toLowerCase() === "failed");
}

export interface ReplaceExtents extends CreatedRange {
  readonly table: string;
  /** Extents of the table that go. The command fails if one of them is there no more. */
  readonly dropIds: readonly string[];
  readonly staging: string;
  /** Extents of the staging table that come. */
  readonly moveIds: readonly string[];
}

/**
 * Drops and moves in one transaction (`kusto/management/replace-extents.md`). Both sets are named by id in a
 * `datatable`, so that an extent which is gone makes the command fail instead of being left out, as the documentation
 * advises; and because the parser takes no `.show … where tags` inside these braces.
 */
export function replaceExtents({ table, dropIds, staging, moveIds, ...range }: ReplaceExtents): string {
  const drop = `datatable(ExtentId: guid) [${dropIds.map(guidLiteral).join(", ")}]`;
  const source = quoteString(staging);
  const move = `datatable(ExtentId: guid, TableName: string) [${moveIds.map((id) => `${guidLiteral(id)}, ${source}`).join(", ")}]`;
  return `.replace extents in table ${quoteName(table)} with (${moveProperties(range)}) <| { ${drop} }, { ${move} }`;
}

function moveProperties(range: CreatedRange): string {
  return `setNewIngestionTime=true, ${createdProperties(range)}`;
}

/** "After" and "before" in the documentation leave the bounds themselves out, so they are set a second wider. */
function createdProperties({ createdFrom, createdTo }: CreatedRange): string {
  const from = createdFrom < TICKS_PER_SECOND ? 0n : createdFrom - TICKS_PER_SECOND;
  const to = createdTo > MAX_TICKS - TICKS_PER_SECOND ? MAX_TICKS : createdTo + TICKS_PER_SECOND;
  return `extentCreatedOnFrom=${datetimeLiteral(from)}, extentCreatedOnTo=${datetimeLiteral(to)}`;
}

/** Drops these extents of a table, rows and all (`kusto/management/drop-extents.md`). */
export function dropExtents(table: string, ids: readonly string[]): string {
  return `.drop extents ${guidList(ids)} from ${quoteName(table)}`;
}

export const dropExtentsAnswer = z.object({ ExtentId: z.string(), TableName: z.string() });

/**
 * Takes tags off all extents of a table that carry them (`kusto/management/drop-extent-tags.md`). Extent ids change by
 * it. The documentation also shows `.drop extent tags from table`, which the parser refuses.
 */
export function dropExtentTags(table: string, tags: readonly string[], range: CreatedRange): string {
  if (tags.length === 0) throw new Error("There are no tags to drop.");
  return `.drop table ${quoteName(table)} extent tags (${tags.map(quoteString).join(", ")}) with (${createdProperties(range)})`;
}

/**
 * The answer of `.drop extent tags`: a row for each extent that it changed. The documentation names an operation id too, which an
 * answer of another form is taken for.
 */
export const dropTagsAnswer = z.object({
  ResultExtentId: z.string().nullish(),
  Details: z.string().nullish(),
});
