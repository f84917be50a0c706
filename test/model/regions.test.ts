import { describe, expect, it } from "vitest";
import { followerInstead, regionOf } from "../../model/regions.ts";
import { sampleJob } from "./checkpoint/sampleLog.ts";

const cluster = (address: string) => ({ cluster: address, database: "D" });

describe("the region of a cluster", () => {
  it.each([
    ["https://mycluster.eastus.kusto.windows.net", "eastus"],
    ["https://MyCluster.WestEurope.kusto.windows.net", "westeurope"],
    ["https://gov.usgovvirginia.kusto.usgovcloudapi.net", "usgovvirginia"],
    ["https://help.kusto.windows.net", undefined],
    ["https://trd-abc.z4.kusto.fabric.microsoft.com", undefined],
    ["http://127.0.0.1:8080", undefined],
  ])("%s is %s", (address, region) => {
    expect(regionOf(address)).toBe(region);
  });
});

describe("a follower instead of a copy", () => {
  const between = (from: string, to: string, more: object = {}) =>
    followerInstead({ ...sampleJob, source: cluster(from), destination: cluster(to), ...more });

  it("would do within a region", () => {
    const [a, b] = ["https://a.eastus.kusto.windows.net", "https://b.eastus.kusto.windows.net"];
    expect(between(a, b)).toMatchObject({ possible: "yes", reason: expect.stringMatching(/eastus/) });
    expect(between(a, b, { query: "| where A > 1" }).possible).toBe("no");
    expect(between(a, a).possible).toBe("no");
    expect(between(a, "https://c.westus.kusto.windows.net").possible).toBe("no");
  });

  it("is unknown where a cluster's address doesn't tell, and the reason says which and how to find out", () => {
    expect(between("https://help.kusto.windows.net", "https://b.eastus.kusto.windows.net")).toMatchObject({
      possible: "unknown",
      reason: expect.stringMatching(/help\.kusto\.windows\.net.*az kusto cluster show/),
    });
    expect(between("http://127.0.0.1:1", "http://127.0.0.1:2").possible).toBe("unknown");
  });
});
