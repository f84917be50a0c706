import { describe, expect, it } from "vitest";
import { readCaller, readOwnRoles, readUsages, readWorkloadGroups } from "../../../kusto/commands/access.ts";

describe("own roles", () => {
  it("are read from whatever column is called a role, and never from a name that looks like one", () => {
    const rows = [
      { Scope: "Database", DisplayName: "Admin", Role: "Database Samples Viewer" },
      { Scope: "Cluster", DisplayName: "x", Role: "AllDatabasesMonitor" },
      { Scope: "Database", Roles: "Database Samples UnrestrictedViewer" },
    ];
    expect([...readOwnRoles(rows)].toSorted()).toEqual([
      "AllDatabasesMonitor",
      "UnrestrictedViewer",
      "Viewer",
    ]);
    expect(readOwnRoles([]).size).toBe(0);
  });
});

describe("who asks", () => {
  it("is told with the tenant, where the cluster tells it", () => {
    const now = "2026-01-01T00:00:00.0000000Z";
    const details = JSON.stringify({ Authority: "aaaabbbb-0000-cccc-1111-dddd2222eeee", FQN: null });
    expect(readCaller([{ Details: details, Name: "aaduser=a;b", Now: now }])).toEqual({
      name: "aaduser=a;b",
      tenant: "aaaabbbb-0000-cccc-1111-dddd2222eeee",
      now,
    });
    expect(readCaller([{ Details: null, Name: "", Now: now }])?.tenant).toBeUndefined();
    expect(readCaller([])).toBeUndefined();
  });
});

describe("what a managed identity may be used for", () => {
  const policies = JSON.stringify([
    { ObjectId: "AAAA", ClientId: "bbbb", IsSystem: false, AllowedUsages: "NativeIngestion, ExternalTable" },
    { ObjectId: "cccc", ClientId: null, IsSystem: true, AllowedUsages: "ExportRequest" },
  ]);

  it.each(["Policies", "Policy"])("is read by object id, client id or system, from column %s", (column) => {
    const rows = [{ EntityName: "[D]", [column]: policies }];
    expect([...readUsages(rows, "aaaa")]).toEqual(["nativeingestion", "externaltable"]);
    expect([...readUsages(rows, "BBBB")]).toEqual(["nativeingestion", "externaltable"]);
    expect([...readUsages(rows, "system")]).toEqual(["exportrequest"]);
    expect([...readUsages([{ EntityName: "", [column]: "null" }], "system")]).toEqual([]);
  });
});

describe("a workload group", () => {
  const group = (value: object) =>
    readWorkloadGroups([{ WorkloadGroupName: "G", WorkloadGroup: JSON.stringify(value) }])[0]?.forces;

  it("forces only what the request can't relax, and what hides rows", () => {
    const option = (Value: unknown, IsRelaxable?: boolean) => ({ Value, IsRelaxable });
    expect(group({})).toEqual([]);
    expect(group({ QueryConsistencyPolicy: { QueryConsistency: option("Weak", true) } })).toEqual([]);
    // The default is that a request may relax it.
    expect(group({ QueryConsistencyPolicy: { QueryConsistency: option("Weak") } })).toEqual([]);
    expect(group({ QueryConsistencyPolicy: { QueryConsistency: option("Strong", false) } })).toEqual([]);
    expect(
      group({
        QueryConsistencyPolicy: {
          QueryConsistency: option("WeakAffinitizedByDatabase", false),
          CachedResultsMaxAge: option("00:05:00", false),
        },
        RequestLimitsPolicy: { DataScope: option("HotCache", false), MaxResultRecords: option(5, false) },
      }),
    ).toEqual([
      "WeakAffinitizedByDatabase consistency",
      "cached results of up to 00:05:00",
      "the hot cache alone",
    ]);
    expect(group({ RequestLimitsPolicy: { DataScope: option(null, false) } })).toEqual([]);
  });
});
