import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { jobSchema, slotsOf } from "../../model/job.ts";
import {
  jobOfSettings,
  parseHorizon,
  parseSlots,
  readSettings,
  SETTING_NAMES,
  splitConnections,
  splitNames,
} from "../../model/settings.ts";

const now = new Date("2026-03-01T12:00:00.000Z");
afterEach(() => vi.unstubAllEnvs());

test("names are separated by commas, and spaces around them don't count", () => {
  expect(splitNames(" A, My Table ,,b.c ")).toEqual(["A", "My Table", "b.c"]);
  expect(splitNames("")).toEqual([]);
});

test("any names at all can be given as a JSON array", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 })), (names) => {
      expect(splitNames(JSON.stringify(names))).toEqual(names);
    }),
  );
  for (const wrong of ["[", '["a"', "[1]", '[""]', '[["a"]]']) expect(() => splitNames(wrong)).toThrow();
});

test.each([
  ["10", { count: 10 }],
  [" 50 % ", { percent: 50 }],
  ["2.5%", { percent: 2.5 }],
  ["100%", { percent: 100 }],
])("%j are slots", (text, slots) => expect(parseSlots(text)).toEqual(slots));

test.each(["", "0", "0%", "101%", "1.5", "-1", "ten", "1e3", "99999999999999999999", "5%%"])(
  "%j are no slots",
  (text) => expect(() => parseSlots(text)).toThrow(/slots/),
);

test("a share of a capacity is never more than the capacity's, and at least one", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.nat({ max: 10_000 }), (percent, capacity) => {
      const slots = slotsOf({ percent }, capacity);
      expect(slots).toBeGreaterThanOrEqual(1);
      expect(slots).toBeLessThanOrEqual(Math.max(1, (capacity * percent) / 100));
    }),
  );
  expect(slotsOf({ count: 7 }, 2)).toBe(7);
});

test.each([
  ["2024-02-29", "2024-02-29T00:00:00.000Z"],
  ["2024-02-29Z", "2024-02-29T00:00:00.000Z"],
  ["2024-02-29T10:30:00", "2024-02-29T10:30:00.000Z"],
  ["2024-02-29 10:30", "2024-02-29T10:30:00.000Z"],
  ["2024-02-29T10:30:00+02:00", "2024-02-29T08:30:00.000Z"],
  ["2024-02-29T10:30:00.1239999Z", "2024-02-29T10:30:00.123Z"],
  ["0001-01-01", "0001-01-01T00:00:00.000Z"],
  ["1d", "2026-02-28T12:00:00.000Z"],
  [" 90m ", "2026-03-01T10:30:00.000Z"],
  ["P1W", "2026-02-22T12:00:00.000Z"],
])("the horizon %j is %s, wherever the machine stands", (text, iso) => {
  for (const zone of ["UTC", "America/Los_Angeles", "Asia/Tokyo"]) {
    vi.stubEnv("TZ", zone);
    expect(parseHorizon(text, now)).toBe(iso);
  }
  expect(jobSchema.shape.backfillHorizon.parse(iso)).toBe(iso);
});

test.each([
  "2024-02-30",
  "2023-02-29",
  "2024-13-01",
  "0000-01-01",
  "2024-01-01T25:00",
  "soon",
  "",
  "-1d",
  "900000d",
  "2024-1-1",
])("the horizon %j is refused", (text) => expect(() => parseHorizon(text, now)).toThrow());

test("settings that are left out, or empty, have their standards, and make a job", () => {
  const read = readSettings({ KUSTO_COPY_DATABASE: "Db", KUSTO_COPY_RPO: "", OTHER: "x" });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const job = jobOfSettings(read.settings, { source: "s", destination: "d", lake: "l" }, now);
  expect(job).toMatchObject({
    name: "default",
    source: { cluster: "s", database: "Db" },
    destination: { cluster: "d", database: "Db" },
    rpoMs: 300_000,
    mode: "backfill-and-new",
    backfillHorizon: null,
    slots: { export: { percent: 100 } },
  });
});

/** For each setting that can be wrong, a value that is, with a secret in it. */
const SECRET = "Sekret1234567890";
const WRONG: Readonly<Record<string, readonly string[]>> = {
  KUSTO_COPY_JOB: [`my job ${SECRET}`, "-a", "x".repeat(64)],
  KUSTO_COPY_TABLES_INCLUDE: [`["${SECRET}"`, `[1, "${SECRET}"]`],
  KUSTO_COPY_TABLES_EXCLUDE: [`["${SECRET}"`],
  KUSTO_COPY_TABLES_SNAPSHOT: [`[${SECRET}]`],
  KUSTO_COPY_RPO: [SECRET, "0s", "-5m"],
  KUSTO_COPY_BACKFILL_HORIZON: [SECRET, "2024-02-30", `2024-01-01${SECRET}`],
  KUSTO_COPY_MODE: [SECRET, "Backfill"],
  KUSTO_COPY_FORMAT: [SECRET],
  KUSTO_COPY_INGESTION: [SECRET],
  KUSTO_COPY_QUERY: [SECRET, `| where Text has h'${SECRET}'`, "| where A == 1 | count"],
  KUSTO_COPY_EXPORT_SLOTS: [SECRET, "0"],
  KUSTO_COPY_INGESTION_SLOTS: [SECRET, "101%"],
  KUSTO_COPY_QUERY_SLOTS: [SECRET],
  KUSTO_COPY_WINDOW_ROWS: [SECRET, "0", "1.5", "1e300"],
  KUSTO_COPY_MAX_ATTEMPTS: [SECRET, "-1"],
  KUSTO_COPY_POLL: [SECRET, "0ms"],
  KUSTO_COPY_INGESTION_TIMEOUT: [SECRET],
  KUSTO_COPY_CLUSTER_ACCESS: [SECRET, "managed_identity=", `managed_identity=a;${SECRET}`],
  KUSTO_COPY_CONNECTIONS: [`["${SECRET}`, `[1, "${SECRET}"]`],
  KUSTO_COPY_STATUS_ACCESS: [SECRET, "sas"],
};

test("every wrong setting is named at once, and no value is repeated, as it may be a secret", () => {
  const wrong = fc
    .subarray(Object.keys(WRONG))
    .chain((names) =>
      fc.record(Object.fromEntries(names.map((name) => [name, fc.constantFrom(...(WRONG[name] ?? []))]))),
    );
  fc.assert(
    fc.property(wrong, (environment) => {
      const read = readSettings(environment);
      const problems = read.ok ? [] : read.problems;
      expect([...new Set(problems.map((problem) => problem.name))].toSorted()).toEqual(
        Object.keys(environment).toSorted(),
      );
      expect(JSON.stringify(problems)).not.toContain(SECRET);
      expect(problems.every((problem) => problem.reason.startsWith("is n"))).toBe(true);
    }),
  );
});

test("each value that is told to be wrong is so by itself", () => {
  for (const [name, values] of Object.entries(WRONG)) {
    expect(SETTING_NAMES).toContain(name);
    for (const value of values)
      expect({ name, value, ok: readSettings({ [name]: value }).ok }).toEqual({ name, value, ok: false });
  }
});

test("settings that are accepted always make a job", () => {
  const environment = fc.record(
    {
      KUSTO_COPY_JOB: fc.constantFrom("a", "Copy.1_b-2"),
      KUSTO_COPY_TABLES_INCLUDE: fc.constantFrom("A,B", '["a,b"]', "*"),
      KUSTO_COPY_RPO: fc.constantFrom("1ms", "1d", "PT5M", "00:00:30", "0s"),
      KUSTO_COPY_BACKFILL_HORIZON: fc.constantFrom(
        "30d",
        "2024-01-01",
        "0001-01-01",
        "9999-12-31",
        "2000000d",
      ),
      KUSTO_COPY_EXPORT_SLOTS: fc.constantFrom("1", "0.5%", "9007199254740993"),
      KUSTO_COPY_WINDOW_ROWS: fc.constantFrom("1", "5000", "9007199254740993"),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(environment, (given) => {
      const read = readSettings({ KUSTO_COPY_DATABASE: "Db", ...given });
      if (!read.ok) return;
      expect(() =>
        jobOfSettings(read.settings, { source: "s", destination: "d", lake: "l" }, now),
      ).not.toThrow();
    }),
  );
});

test("a Key Vault reference that the platform didn't resolve is told by its setting, with why that happens", () => {
  const reference = "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)";
  const read = readSettings({ KUSTO_COPY_LAKE: reference, KUSTO_COPY_RPO: "never" });
  if (read.ok) throw new Error("It was taken.");
  expect(read.problems.map((problem) => problem.name)).toEqual(["KUSTO_COPY_LAKE", "KUSTO_COPY_RPO"]);
  expect(read.problems[0]?.reason).toMatch(/not resolved.*Key Vault Secrets User/);
  expect(JSON.stringify(read.problems)).not.toContain("v.vault");
});

test("connection strings come one a line, or as a JSON array", () => {
  const lines = (text: string) => text.split("\n");
  expect(splitConnections("a;b=c\nd", lines)).toEqual(["a;b=c", "d"]);
  expect(splitConnections(' ["a\\nb", "c"] ', lines)).toEqual(["a\nb", "c"]);
  expect(() => splitConnections("[1]", lines)).toThrow();
});
