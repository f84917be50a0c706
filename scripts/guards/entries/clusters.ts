import type { Guard } from "../guard.ts";

const CLIENT = "kusto/client.ts";
const CLIENT_TEST = "test/kusto/client.test.ts";
const MOVES = "kusto/moves.ts";
const MOVES_TEST = "test/kusto/moves.test.ts";
const TEXTS_TEST = "test/kusto/commands/texts.test.ts";

/** What is sent to clusters, and how their answers are read. */
export const clusterGuards: readonly Guard[] = [
  {
    name: "failures with HTTP 200",
    promise: "An answer that tells of a failure is one, whatever its HTTP status.",
    edits: [
      {
        file: CLIENT,
        find: "if (answer.failure !== undefined) throw fromFailure(answer.failure, undefined, context);",
        replace: "",
      },
    ],
    tests: [{ file: CLIENT_TEST, name: "with HTTP 200 is a failure" }],
  },
  {
    name: "commands sent once",
    promise: "A command that changes something is not sent again by the client alone.",
    edits: [
      { file: CLIENT, find: "options.idempotent ?? isReadOnly(text)", replace: "options.idempotent ?? true" },
    ],
    tests: [{ file: CLIENT_TEST, name: "of a command that changes something is left to the caller" }],
  },
  {
    name: "strong consistency",
    promise: "What a plan reads is not behind what was committed.",
    edits: [
      {
        file: CLIENT,
        find: 'if (options.consistency === "strong")',
        replace: "if (options.timeoutMs === -1)",
      },
    ],
    tests: [
      { file: CLIENT_TEST, name: "asks for strong consistency when told, and never for cached results" },
    ],
  },
  {
    name: "strong consistency of each query",
    promise: "No query of a copy is answered by what a cluster was some while ago.",
    edits: [
      {
        file: "kusto/reads.ts",
        find: 'const STRONG = { consistency: "strong" } as const;',
        replace: "const STRONG = {};",
      },
    ],
    tests: [{ file: "test/faults/faults.test.ts", name: "asks each of its queries with strong consistency" }],
  },
  {
    name: "answers to moves",
    promise: "An answer to a move that doesn't account for each extent is no success.",
    edits: [
      {
        file: MOVES,
        find: "if (!result) throw new Terminal(`The answer to the move says nothing of extent ${id}.`, context);\n    return result;",
        replace: 'return result ?? "";',
      },
    ],
    tests: [{ file: MOVES_TEST, name: "is no success" }],
  },
  {
    name: "failures in the rows of a move",
    promise: "A move that tells a failure as a row has failed.",
    edits: [{ file: MOVES, find: "if (failures.length > 0)", replace: "if (failures.length < 0)" }],
    tests: [{ file: MOVES_TEST, name: "is no success" }],
  },
  {
    name: "new ingestion time",
    promise:
      "What is moved gets a new ingestion time, so that what reads the destination by cursors sees it.",
    edits: [
      {
        file: "kusto/commands/extents.ts",
        find: "`setNewIngestionTime=true, ${createdProperties(range)}`",
        replace: "createdProperties(range)",
      },
    ],
    tests: [{ file: TEXTS_TEST, name: "a move that leaves rows with their old ingestion time" }],
  },
  {
    name: "obfuscated credentials",
    promise: "Credentials in commands stand in obfuscated literals only.",
    edits: [
      {
        file: "kusto/names.ts",
        find: "return `h'${escapeText(text)}'`;",
        replace: "return `'${escapeText(text)}'`;",
      },
    ],
    tests: [{ file: TEXTS_TEST, name: "credentials outside an obfuscated literal" }],
  },
  {
    name: "rows of others",
    promise: "A table that holds rows which the copy did not bring is refused.",
    edits: [
      {
        file: "activities/destination/existingRows.ts",
        find: 'return table.after === undefined || state.tables[table.name]?.backfill === "pending";',
        replace: "return false;",
      },
    ],
    tests: [
      {
        file: "test/activities/destination/existingRows.test.ts",
        name: "where this copy has brought none, in either lane",
      },
    ],
  },
  {
    name: "an hour in one activity",
    promise: "What took its time and may take an hour is not asked for again in the same activity.",
    edits: [
      {
        file: CLIENT,
        find: "isRetryable(error) && inTime()",
        replace: "isRetryable(error) && inTime !== undefined",
      },
    ],
    tests: [{ file: CLIENT_TEST, name: "and never after it took its time" }],
  },
  {
    name: "an answer without a result",
    promise: "An answer that holds no result is no answer of no rows.",
    edits: [
      {
        file: "kusto/response.ts",
        find: "  if (rows === undefined)\n    return",
        replace: "  if (rows === undefined && frames.length === 0)\n    return",
      },
      {
        file: "kusto/response.ts",
        find: "  return { rows };\n}\n\nconst ERROR_SEVERITY",
        replace: "  return { rows: rows ?? [] };\n}\n\nconst ERROR_SEVERITY",
      },
    ],
    tests: [{ file: CLIENT_TEST, name: "is what has no result at all, and not no rows" }],
  },
  {
    name: "an hour in the background",
    promise: "An export or an ingestion may take an hour, as the documentation leaves open what bounds it.",
    edits: [
      {
        file: CLIENT,
        find: "isBackground(text) ? MAX_TIMEOUT_MS : answers",
        replace: "isBackground(text) ? answers : answers",
      },
    ],
    tests: [
      {
        file: CLIENT_TEST,
        name: "of an export or an ingestion gives the background an hour, and waits for the answer no longer than for another's",
      },
    ],
  },
];
