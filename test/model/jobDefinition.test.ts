import fc from "fast-check";
import { expect, test } from "vitest";
import { addresses, jobDefinitionSchema, readDefinition } from "../../activities/jobs/definition.ts";
import { dottedPath, pointerOf } from "../../model/fieldProblems.ts";
import { type JobDefinition, jobOf, mergeDefinitions } from "../../model/jobDefinition.ts";
import { readSettings } from "../../model/settings.ts";

const now = new Date("2026-03-01T12:00:00.000Z");
const ENDS = {
  KUSTO_COPY_SOURCE: "https://a.kusto.windows.net",
  KUSTO_COPY_DESTINATION: "https://b.kusto.windows.net",
  KUSTO_COPY_DATABASE: "Db",
  KUSTO_COPY_LAKE: "https://c.blob.core.windows.net/d/e",
};

function settingsOf(environment: Record<string, string>) {
  const read = readSettings(environment);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.settings;
}

function job(definition: JobDefinition, environment: Record<string, string> = ENDS) {
  return jobOf("j", definition, { settings: settingsOf(environment), addresses }, now);
}

/** Every field, with a value that can be used. */
const WHOLE = {
  source: { cluster: "https://s.kusto.windows.net", database: "From" },
  destination: { cluster: "https://t.kusto.windows.net", database: "To" },
  lake: ["https://u.dfs.core.windows.net/v/w", "abfss://x@y.dfs.core.windows.net/z"],
  tables: {
    include: ["A*", "B"],
    exclude: ["AB"],
    snapshot: ["B"],
    queries: { B: "| where X > 1", ["__proto__"]: "" },
  },
  query: "| where Y == 2",
  mode: "new",
  backfillHorizon: "30d",
  rpo: "PT1H",
  enabled: false,
  visibility: "window",
  schema: "all",
  updatePolicies: "disable",
  existingRows: "keep",
  format: "csv",
  ingestion: "direct",
  slots: { export: "50%", ingestion: 7, query: "3" },
  windowRows: 1000,
  maxAttempts: 2,
  poll: "1s",
  ingestionTimeout: "00:10:00",
  clusterAccess: "managed_identity=system",
};

test("every setting of a job can be written, and makes the job", () => {
  expect(Object.keys(WHOLE).toSorted()).toEqual(Object.keys(jobDefinitionSchema.shape).toSorted());
  const read = readDefinition(WHOLE);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  expect(job(read.definition)).toMatchObject({
    name: "j",
    source: WHOLE.source,
    destination: WHOLE.destination,
    lake: "https://u.blob.core.windows.net/v/w",
    stagingLakes: ["https://y.blob.core.windows.net/x/z"],
    lakeAccess: {
      "https://u.blob.core.windows.net/v/w": "managed_identity=system",
      "https://y.blob.core.windows.net/x/z": "managed_identity=system",
    },
    tables: { include: ["A*", "B"], exclude: ["AB"], snapshot: ["B"], queries: { B: "| where X > 1" } },
    query: "| where Y == 2",
    mode: "new",
    backfillHorizon: "2026-01-30T12:00:00.000Z",
    rpoMs: 3_600_000,
    visibility: "window",
    schema: "all",
    updatePolicies: "disable",
    existingRows: "keep",
    format: "csv",
    ingestion: "direct",
    slots: { export: { percent: 50 }, ingestion: { count: 7 }, query: { count: 3 } },
    windowRows: 1000,
    maxAttempts: 2,
    pollMs: 1000,
    ingestionTimeoutMs: 600_000,
  });
});

test("what a definition leaves out comes from the settings", () => {
  const settings = {
    ...ENDS,
    KUSTO_COPY_RPO: "7m",
    KUSTO_COPY_TABLES_INCLUDE: "A",
    KUSTO_COPY_TABLES_EXCLUDE: "B",
    KUSTO_COPY_EXPORT_SLOTS: "3",
    KUSTO_COPY_BACKFILL_HORIZON: "1d",
  };
  expect(
    job({ tables: { include: ["C"] }, slots: { query: 1 }, backfillHorizon: null }, settings),
  ).toMatchObject({
    rpoMs: 420_000,
    tables: { include: ["C"], exclude: ["B"] },
    slots: { export: { count: 3 }, query: { count: 1 } },
    backfillHorizon: null,
    source: { cluster: ENDS.KUSTO_COPY_SOURCE, database: "Db" },
    lake: ENDS.KUSTO_COPY_LAKE,
  });
});

test("a database is called the same at the destination, unless something names it", () => {
  expect(job({ source: { database: "X" } }).destination.database).toBe("X");
  expect(job({ source: { cluster: "https://s.kusto.windows.net/X" } }).destination.database).toBe("X");
  expect(job({ source: { database: "X" } }, { ...ENDS, KUSTO_COPY_DESTINATION_DATABASE: "Y" })).toMatchObject(
    {
      source: { database: "X" },
      destination: { database: "Y" },
    },
  );
});

test("what is given nowhere is named by its field and its setting", () => {
  expect(() => job({}, {})).toThrow(
    /source\.cluster \(KUSTO_COPY_SOURCE\), source\.database .*destination\.cluster .*lake \(KUSTO_COPY_LAKE\) are not set/,
  );
  expect(() => job({ lake: "https://c.blob.core.windows.net/d" }, {})).not.toThrow(/lake/);
});

/** A wrong value for each field, and where the problem is. */
const WRONG: readonly (readonly [string, string, unknown])[] = [
  ["/source/cluster", "source.cluster", { source: { cluster: "https://ingest-a.kusto.windows.net" } }],
  ["/destination/database", "destination.database", { destination: { database: "" } }],
  ["/lake", "lake", { lake: "nope" }],
  ["/lake", "lake", { lake: 5 }],
  ["/lake/1", "lake[1]", { lake: ["https://c.blob.core.windows.net/d", "nope"] }],
  ["/tables/include/0", "tables.include[0]", { tables: { include: [5] } }],
  [
    "/tables/queries/A~1b",
    'tables.queries["A/b"]',
    { tables: { queries: { "A/b": "| summarize count()" } } },
  ],
  ["/query", "query", { query: "| summarize count()" }],
  ["/rpo", "rpo", { rpo: "0s" }],
  ["/rpo", "rpo", { rpo: 5 }],
  ["/poll", "poll", { poll: "soon" }],
  ["/slots/export", "slots.export", { slots: { export: "101%" } }],
  ["/slots/ingestion", "slots.ingestion", { slots: { ingestion: 1.5 } }],
  ["/windowRows", "windowRows", { windowRows: 0 }],
  ["/clusterAccess", "clusterAccess", { clusterAccess: "managed_identity=" }],
  ["/enabled", "enabled", { enabled: "yes" }],
  ["/mode", "mode", { mode: "all" }],
  ["/what", "what", { what: 1 }],
  ["/slots/what", "slots.what", { slots: { what: 1 } }],
];

test.each(WRONG)("%s is named where it is wrong, and nothing else", (pointer, dotted, wrong) => {
  const read = readDefinition(wrong);
  const paths = read.ok ? [] : read.problems.map((problem) => problem.path);
  expect(paths.map(pointerOf)).toEqual([pointer]);
  expect(paths.map(dottedPath)).toEqual([dotted]);
});

test("all wrong fields are named at once", () => {
  const read = readDefinition({
    rpo: "x",
    poll: "y",
    slots: { export: "z" },
    tables: { queries: { A: "A", B: 5 } },
  });
  expect(read.ok ? [] : read.problems.map(({ path }) => pointerOf(path)).toSorted()).toEqual([
    "/poll",
    "/rpo",
    "/slots/export",
    "/tables/queries/A",
    "/tables/queries/B",
  ]);
});

test.each([
  ["source.cluster", { source: { cluster: "https://a.kusto.windows.net;Fed=true;AppKey=hunter2222" } }],
  ["destination.cluster", { destination: { cluster: "https://u:hunter2222@a.kusto.windows.net" } }],
  ["lake", { lake: "https://a.blob.core.windows.net/c?sig=hunter2222" }],
  [
    "lake[0]",
    { lake: [`https://a.blob.core.windows.net/c;${Buffer.from("hunter2222..").toString("base64")}`] },
  ],
])("credentials in %s are refused, and not repeated", (place, wrong) => {
  const read = readDefinition(wrong);
  expect(read.ok ? [] : read.problems.map(({ path }) => dottedPath(path))).toEqual([place]);
  expect(JSON.stringify(read)).not.toMatch(/hunter2222|aHVudGVyMjIyMi4u/);
});

const some = fc.record(
  {
    source: fc.record(
      { database: fc.constantFrom("A", "B"), cluster: fc.constant(ENDS.KUSTO_COPY_SOURCE) },
      { requiredKeys: [] },
    ),
    tables: fc.record(
      {
        include: fc.subarray(["A", "B", "C"]),
        queries: fc.dictionary(fc.constantFrom("A", "B", "constructor"), fc.constantFrom("", "| where X")),
      },
      { requiredKeys: [] },
    ),
    slots: fc.record(
      { export: fc.constantFrom(1, "50%"), query: fc.constantFrom(2, "5%") },
      { requiredKeys: [] },
    ),
    backfillHorizon: fc.constantFrom(null, "5d"),
    rpo: fc.constantFrom("1m", "2m"),
    lake: fc.constantFrom("https://a.blob.core.windows.net/c", ["https://b.blob.core.windows.net/c"]),
  },
  { requiredKeys: [] },
);

test("of two definitions the upper one's word counts, field by field, and nothing of either is lost", () => {
  const leaves = (value: unknown, path = ""): [string, string][] =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.entries(value).flatMap(([key, each]) => leaves(each, `${path}/${key}`))
      : [[path, JSON.stringify(value)]];
  fc.assert(
    fc.property(some, some, (over, under) => {
      const merged = new Map(leaves(mergeDefinitions(over, under)));
      expect(merged).toEqual(new Map([...leaves(under), ...leaves(over)]));
    }),
  );
});

test("a definition that is whole needs no setting", () => {
  const read = readDefinition(WHOLE);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  expect(job(read.definition, {})).toMatchObject({ source: WHOLE.source, destination: WHOLE.destination });
});
