import { expect, it } from "vitest";
import type { KustoClient, KustoRow } from "../../kusto/client.ts";
import { parseKustoConnection } from "../../kusto/connectionString.ts";
import { moveTheseExtents, replaceTheseExtents } from "../../kusto/moves.ts";
import { Terminal } from "../../model/errors.ts";

const FIRST = "11111111-1111-4111-8111-111111111111";
const SECOND = "22222222-2222-4222-8222-222222222222";
const NEW = "33333333-3333-4333-8333-333333333333";

/** A cluster that answers every command by these rows. */
function answering(rows: readonly KustoRow[]): KustoClient {
  return {
    connection: parseKustoConnection("http://127.0.0.1:1"),
    query: () => Promise.reject(new Error("Nothing is asked.")),
    command: () => Promise.resolve([...rows]),
    close: () => undefined,
  };
}

const at = "2026-01-01T00:00:00.0000000Z";
const extents = [FIRST, SECOND].map((ExtentId) => ({
  ExtentId,
  TableName: "S",
  RowCount: 1n,
  OriginalSize: 1,
  MinCreatedOn: at,
  MaxCreatedOn: at,
  Tags: [],
}));

function move(rows: readonly KustoRow[]): Promise<string[]> {
  return moveTheseExtents(answering(rows), "D", { from: "S", to: "T", extents }, { table: "T" });
}

const row = (OriginalExtentId: string, ResultExtentId: string | null): KustoRow => ({
  OriginalExtentId,
  ResultExtentId,
  Details: "",
});

it("a move answers the new id of each extent, whatever their case and order", async () => {
  expect(await move([row(SECOND, FIRST), row(FIRST.toUpperCase(), NEW)])).toEqual([NEW, FIRST]);
});

it.each([
  ["empty", []],
  ["silent on one extent", [row(FIRST, NEW)]],
  ["without the new id of one", [row(FIRST, NEW), row(SECOND, "")]],
  ["null for one", [row(FIRST, NEW), row(SECOND, null)]],
  ["a failure of one", [row(FIRST, NEW), row(SECOND, "Failed")]],
])("an answer to a move that is %s is no success", async (_, rows) => {
  await expect(move(rows)).rejects.toBeInstanceOf(Terminal);
});

it("an answer to a replacement that only drops tells of each extent that went, or is no success", async () => {
  const drop = (rows: readonly KustoRow[]) =>
    replaceTheseExtents(
      answering(rows),
      "D",
      { table: "T", drop: extents, staging: "S", extents: [] },
      { table: "T" },
    );
  await drop([row(SECOND, ""), row(FIRST.toUpperCase(), null)]);
  for (const rows of [[], [row(FIRST, "")], [row(FIRST, ""), row(SECOND, "Failed")]])
    await expect(drop(rows)).rejects.toBeInstanceOf(Terminal);
});
