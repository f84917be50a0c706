import { describe, expect, it } from "vitest";
import * as access from "../../../kusto/commands/access.ts";
import { showCapacity } from "../../../kusto/commands/capacity.ts";
import { alterColumnType, dropColumn, renameColumn } from "../../../kusto/commands/columnChanges.ts";
import { hashByDay, hashByExtent, hashQuery } from "../../../kusto/commands/contentHash.ts";
import { currentCursor } from "../../../kusto/commands/cursors.ts";
import {
  showDatabaseIdentity,
  showDatabaseModes,
  showDatabaseRetention,
} from "../../../kusto/commands/databases.ts";
import { exportAsync } from "../../../kusto/commands/exportData.ts";
import { exportProjection } from "../../../kusto/commands/exportQuery.ts";
import {
  dropExtents,
  dropExtentTags,
  moveExtents,
  replaceExtents,
  showExtents,
  showExtentsOfTables,
} from "../../../kusto/commands/extents.ts";
import * as followers from "../../../kusto/commands/followers.ts";
import { createOrAlterStatusFunction } from "../../../kusto/commands/functions.ts";
import { ingestAsync, showIngestionFailures } from "../../../kusto/commands/ingest.ts";
import * as mirrored from "../../../kusto/commands/mirrored.ts";
import { cancelOperation, showOperationDetails, showOperations } from "../../../kusto/commands/operations.ts";
import { exportProbe, readProbe } from "../../../kusto/commands/probes.ts";
import * as schema from "../../../kusto/commands/schema.ts";
import { countByHour, countRows, windowFilter } from "../../../kusto/commands/windows.ts";
import { type Column, KUSTO_TYPES } from "../../../kusto/names.ts";
import { literals, syntaxErrors } from "../parser.ts";

const ID = "ae6cd250-be62-4978-90f2-5cb7a10d16d7";
const OTHER = "399f9254-4751-49e3-8192-c1ca78020706";
const RANGE = { createdFrom: 639_028_224_001_234_567n, createdTo: 639_028_224_001_234_568n };

/** Every text that a builder can send, with one name (and other free text) put everywhere it can go. */
function texts(name: string): Record<string, string> {
  const columns: Column[] = KUSTO_TYPES.map((type) => ({ name: `${name} ${type}`, type }));
  const filter = windowFilter({ after: name, upTo: name, from: 5n, to: 6n });
  const mapping = [{ column: name, type: "long" as const, ordinal: 0, field: name }];
  return {
    showCapacity: showCapacity(),
    showOwnRoles: access.showOwnRoles(name),
    showOwnRolesOnTable: access.showOwnRolesOnTable(name),
    whoAmI: access.whoAmI(),
    managedIdentitiesOfCluster: access.showManagedIdentities(),
    managedIdentitiesOfDatabase: access.showManagedIdentities(name),
    workloadGroups: access.showWorkloadGroups(),
    ingestionResources: access.getIngestionResources(),
    identityToken: access.getIdentityToken(),
    anyOperation: access.showAnyOperation(),
    exportProbe: exportProbe(name),
    readProbe: readProbe(name),
    hash: hashQuery({ table: name, columns, filter, extents: 10 }),
    hashOrderBlind: hashQuery({ table: name, columns, bags: "orderBlind" }),
    hashOfMany: hashQuery({
      table: name,
      columns: Array.from({ length: 300 }, (_, index) => ({ name: `${name}${index}`, type: "real" })),
    }),
    hashByDay: hashByDay({ table: name, columns, filter }, "ingestion"),
    hashByTaggedDay: hashByDay({ table: name, columns }, "tag"),
    hashByExtent: hashByExtent({ table: name, ids: [ID, OTHER], columns }),
    cursor: currentCursor(),
    exportCsv: exportAsync({
      format: "csv",
      targets: [`https://a/c;${name}`, name],
      namePrefix: name,
      compressed: true,
      sizeLimitBytes: 1_073_741_824,
      distribution: "per_shard",
      query: `['T']${filter} | ${exportProjection(columns, "csv")}`,
    }),
    exportParquet: exportAsync({
      format: "parquet",
      targets: [name],
      namePrefix: name,
      compressed: false,
      parquetDatetimePrecision: "microsecond",
      query: `['T'] | ${exportProjection(columns, "parquet")}`,
    }),
    followerDatabases: followers.showFollowerDatabases([name, "B"]),
    followerCaching: followers.alterFollowerCaching(name, { kind: "database" }, 0),
    followerTablesCaching: followers.alterFollowerCaching(name, { kind: "tables", names: [name] }, 5_400_000),
    followerViewsCaching: followers.deleteFollowerCaching(name, {
      kind: "materialized-views",
      names: [name],
    }),
    followerPrincipals: followers.addFollowerPrincipals(name, "viewers", [name, "aadapp=a;b"], name),
    followerPrincipalsGone: followers.dropFollowerPrincipals(name, "admins", [name]),
    followerPrincipalsKind: followers.alterPrincipalsModificationKind(name, "replace"),
    followerCachingKind: followers.alterCachingModificationKind(name, "none"),
    followerPrefetch: followers.alterPrefetchExtents(name, true),
    showExtents: showExtents(name),
    showExtentsByIdAndTag: showExtents(name, { ids: [ID, OTHER], tags: [name, "b"] }),
    showExtentsOfTables: showExtentsOfTables([name, "B"], { tags: [name] }),
    showExtentsByPartOfTag: showExtentsOfTables([name], { tags: [name], tagPart: name }),
    moveExtents: moveExtents({ from: name, to: name, ids: [ID, OTHER], ...RANGE }),
    replaceExtents: replaceExtents({
      table: name,
      dropIds: [ID],
      staging: name,
      moveIds: [ID, OTHER],
      ...RANGE,
    }),
    replaceNothing: replaceExtents({ table: name, dropIds: [], staging: name, moveIds: [ID], ...RANGE }),
    dropExtents: dropExtents(name, [ID, OTHER]),
    dropExtentTags: dropExtentTags(name, [name, "b"], RANGE),
    statusFunction: createOrAlterStatusFunction({
      statusUrl: "https://a.blob.core.windows.net/lake/job/status.csv;managed_identity=system",
    }),
    ingestAsync: ingestAsync({
      table: name,
      blobs: [name, "https://b;impersonate"],
      format: "csv",
      tags: [name, "drop-by:x"],
      creationTimeIso: "2026-01-02T00:00:00Z",
      mapping,
    }),
    ingestParquet: ingestAsync({ table: name, blobs: [name], format: "parquet", mapping }),
    ingestionFailuresOfOperation: showIngestionFailures({ operationId: ID }),
    ingestionFailuresOfTable: showIngestionFailures({ table: name, sinceTicks: 5n }),
    showOperations: showOperations([ID, OTHER]),
    showOperationDetails: showOperationDetails(ID),
    cancelOperation: cancelOperation(ID, name),
    showDatabaseIdentity: showDatabaseIdentity(),
    showDatabaseModes: showDatabaseModes(),
    showTableNames: schema.showTableNames(),
    showDatabaseRetention: showDatabaseRetention(name),
    showDatabaseSchema: schema.showDatabaseSchema(name),
    createMergeTables: schema.createMergeTables(
      [
        { name, columns },
        { name: "B", columns },
      ],
      { folder: name, docstring: name },
    ),
    createMergeTable: schema.createMergeTable(name, columns, { folder: name, docstring: name }),
    createMergePlain: schema.createMergeTable(name, columns),
    columnDocstrings: schema.alterColumnDocstrings(name, [{ name, type: "long", docstring: name }]),
    alterMergeTable: schema.alterMergeTable(name, columns),
    tableFolder: schema.alterTableFolder(name, name),
    tableDocstring: schema.alterTableDocstring(name, name),
    dropColumn: dropColumn(name, name),
    renameColumn: renameColumn(name, name, name),
    alterColumnType: alterColumnType(name, name, "datetime"),
    schemaScript: mirrored.showSchemaScript(name),
    functions: mirrored.showFunctions(),
    mirroredFunction: mirrored.createOrAlterFunction({
      Name: name,
      Parameters: "(a:long, ['b c']:(*))",
      Body: "{\n // a comment\n T | where s == '}' | take a }",
      Folder: name,
      DocString: name,
    }),
    ingestionMappings: mirrored.showIngestionMappings(name),
    mirroredMapping: mirrored.createOrAlterMapping(name, { Name: name, Kind: "W3CLogFile", Mapping: "[]" }),
    ...Object.fromEntries(
      [...mirrored.MIRRORED_POLICIES, ...mirrored.TOLD_POLICIES].map((policy) => [
        `show ${policy}`,
        mirrored.showPolicies(policy),
      ]),
    ),
    ...Object.fromEntries(
      mirrored.MIRRORED_POLICIES.map((policy) => [
        `alter ${policy}`,
        mirrored.alterPolicy(
          name,
          policy,
          {
            DataHotSpan: { Value: "3.00:00:01" },
            HotWindows: [{ MinValue: "2021-01-01T00:00:00Z", MaxValue: "2021-02-01 00:00:00" }],
          },
          () => 259_201_000,
        ),
      ]),
    ),
    dropTables: schema.dropTables([name, "B"]),
    renameTables: schema.renameTables([
      [name, "B"],
      ["B", name],
    ]),
    tablesDetails: schema.showTablesDetails([name]),
    allTablesDetails: schema.showTablesDetails(),
    ingestionTimePolicies: schema.showIngestionTimePolicies(),
    restrictedViewPolicies: schema.showRestrictedViewPolicies(),
    rowLevelSecurityPolicies: schema.showRowLevelSecurityPolicies(),
    updatePolicies: schema.showUpdatePolicies(),
    alterUpdatePolicies: schema.alterUpdatePolicies(name, JSON.stringify([{ Source: name }])),
    showEncodingPolicy: schema.showEncodingPolicy(name, name),
    alterEncodingProfile: schema.alterEncodingPolicy(name, name, '{"MaxValueSize":33554432}'),
    alterEncodingJson: schema.alterEncodingPolicy(name, name, '{"Codec":"x"}'),
    mergePolicy: schema.alterMergePolicy(name, { allowMerge: false, allowRebuild: false }),
    retentionPolicy: schema.alterRetentionPolicy(name),
    cachingPolicy: schema.alterCachingPolicy([name, "B"], 0),
    batchingPolicy: schema.alterIngestionBatchingPolicy([name, "B"], { timeSpanMs: 10_000 }),
    restrictedViewPolicy: schema.alterRestrictedViewPolicy(name, true),
    ingestionTimePolicy: schema.alterIngestionTimePolicy(name, true),
    countByHour: countByHour([
      { name, filter },
      { name: "B", filter: windowFilter({ nullIngestionTime: true }) },
    ]),
    countRows: countRows(name, { upTo: name }),
  };
}

describe.each(["Plain", 'it\'s a "name"].[x] \\ 表 😀\n.drop;|<|--//'])("with the name %j", (name) => {
  it.each(Object.entries(texts(name)))("%s is what Microsoft's parser takes", (_, text) => {
    expect(syntaxErrors(text)).toEqual([]);
  });

  it.each([
    "showExtentsByIdAndTag",
    "createMergeTables",
    "ingestAsync",
    "exportCsv",
    "dropExtentTags",
    "hash",
  ])("%s says the name and nothing else in its place", (builder) => {
    const found = literals(texts(name)[builder] ?? "").filter(
      (literal) => literal === name || literal.startsWith(`${name} `),
    );
    expect(found.length).toBeGreaterThan(0);
  });
});

describe("what must never be sent", () => {
  it("credentials outside an obfuscated literal", () => {
    for (const text of [
      exportAsync({
        format: "csv",
        targets: ["https://a;SECRET"],
        namePrefix: "p",
        compressed: false,
        query: "T",
      }),
      ingestAsync({ table: "T", blobs: ["https://a?sig=SECRET"], format: "csv" }),
      createOrAlterStatusFunction({ statusUrl: "https://a/b.csv;impersonate" }),
    ]) {
      expect(text.replace(/h'[^']*'/g, "")).not.toMatch(/SECRET|impersonate/);
    }
  });

  it("a status function with a secret in its body", () => {
    for (const statusUrl of [
      "https://a/b.csv?sig=x",
      "https://a/b.csv;KEY==",
      "https://a/b.csv?sv=1;impersonate",
      "https://a/b.csv",
      "http://10.0.0.1/b.csv;KEY",
    ]) {
      expect(() => createOrAlterStatusFunction({ statusUrl })).toThrow(/;impersonate/);
    }
    expect(createOrAlterStatusFunction({ statusUrl: "http://127.0.0.1:10003/lake/status.csv" })).toContain(
      "KC_Status()",
    );
  });

  it("a move that leaves rows with their old ingestion time", () => {
    expect(texts("T").moveExtents).toContain("setNewIngestionTime=true");
    expect(texts("T").replaceExtents).toContain("setNewIngestionTime=true");
  });

  it("bounds of creation time that the extents themselves lie on", () => {
    const text = moveExtents({ from: "A", to: "B", ids: [ID], ...RANGE });
    expect(text).toMatch(/extentCreatedOnFrom=datetime\(\d{4}-\d\d-\d\dT23:59:59\.1234567Z\)/);
  });

  it("empty lists, which Kusto would read as all", () => {
    expect(() => showOperations([])).toThrow();
    expect(() => dropExtents("T", [])).toThrow();
    expect(() => moveExtents({ from: "A", to: "B", ids: [], ...RANGE })).toThrow();
    expect(() => dropExtentTags("T", [], RANGE)).toThrow();
    expect(() => hashByExtent({ table: "T", ids: [], columns: [{ name: "a", type: "long" }] })).toThrow();
    expect(() => schema.dropTables([])).toThrow();
    expect(() => countByHour([])).toThrow();
    expect(() => ingestAsync({ table: "T", blobs: [], format: "csv" })).toThrow();
  });

  it("an export of a size that Kusto doesn't take", () => {
    expect(() =>
      exportAsync({
        format: "csv",
        targets: ["x"],
        namePrefix: "p",
        compressed: false,
        sizeLimitBytes: 1024,
        query: "T",
      }),
    ).toThrow(/100 MB/);
  });
});
