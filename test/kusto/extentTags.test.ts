import { expect, it } from "vitest";
import type { KustoClient, KustoRow } from "../../kusto/client.ts";
import { parseKustoConnection } from "../../kusto/connectionString.ts";
import { takeTagsOff } from "../../kusto/extentTags.ts";
import { Retryable } from "../../model/errors.ts";

const ID = "11111111-1111-4111-8111-111111111111";

/** A cluster that answers every command by these rows, and remembers the commands. */
function answering(rows: readonly KustoRow[], asked: string[] = []): KustoClient {
  return {
    connection: parseKustoConnection("http://127.0.0.1:1"),
    query: () => Promise.reject(new Error("Nothing is asked.")),
    command: (_, text) => {
      asked.push(text);
      return Promise.resolve([...rows]);
    },
    close: () => undefined,
  };
}

const drop = (client: KustoClient, tags: readonly string[]) =>
  takeTagsOff(client, "D", { table: "T", tags, createdFrom: 0n, createdTo: 1n });

const row = (ResultExtentId: string, Details: string): KustoRow => ({
  OriginalExtentId: ID,
  ResultExtentId,
  ResultExtentTags: "",
  Details,
});

it.each([
  ["a row for each extent", [row(ID, ""), row(ID, "")]],
  ["no row, as no extent has them", []],
  ["an operation's id", [{ OperationId: ID }]],
])("tags are off where the answer is %s", async (_, rows) => {
  await drop(answering(rows), ["a"]);
});

it("a row that says that an extent failed is no success, and is told with its details", async () => {
  const failed = drop(answering([row(ID, ""), row("Failed", "The extent is locked.")]), ["a"]);
  await expect(failed).rejects.toThrow(/1 extents: The extent is locked\..*table T/);
  await expect(failed).rejects.toBeInstanceOf(Retryable);
});

it("many tags go by several commands, each of them once", async () => {
  const asked: string[] = [];
  const tags = Array.from({ length: 450 }, (_, i) => `kc:0a1b2c3d/0/1.0.${i}/1`);
  await drop(answering([], asked), tags);
  expect(asked).toHaveLength(3);
  expect(asked.flatMap((text) => text.match(/kc:[^']+/g) ?? [])).toEqual(tags);
});
