import type { Job } from "./job.ts";
import type { PlanReport } from "./reports/plan.ts";

/*
 * Whether a follower database would do instead of a copy: it shares a leader's data with clusters of the same region
 * (`follower.md`).
 */

/** `name.region.kusto.windows.net` and the same in other clouds; some clusters' names have no region. */
const WITH_REGION = /^[a-z0-9-]+\.([a-z0-9-]+)\.kusto\.(windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)$/i;
const ADX = /\.kusto\.(windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)$/i;

/** The region that a cluster's address names, `westeurope`; undefined where it names none. */
export function regionOf(cluster: string): string | undefined {
  const host = hostOf(cluster);
  return host === undefined ? undefined : WITH_REGION.exec(host)?.[1]?.toLowerCase();
}

export function followerInstead(job: Job): PlanReport["follower"] {
  const { source, destination } = job;
  const hosts = [hostOf(source.cluster), hostOf(destination.cluster)];
  if (hosts[0] === hosts[1])
    return { possible: "no", reason: "Both databases are on one cluster: a follower is on another one." };
  if (!hosts.every((host) => host !== undefined && ADX.test(host))) {
    return {
      possible: "unknown",
      reason:
        "Followers are a feature of Azure Data Explorer clusters, and one of the two isn't known to be one by its address.",
    };
  }
  if (job.query !== null || Object.keys(job.tables.queries).length > 0)
    return {
      possible: "no",
      reason: "A follower shares whole tables, and this job copies what a query leaves.",
    };
  const [from, to] = [regionOf(source.cluster), regionOf(destination.cluster)];
  if (from === undefined || to === undefined) {
    return {
      possible: "unknown",
      reason: `The address of ${from === undefined ? source.cluster : destination.cluster} names no region. If both clusters are in one (az kusto cluster show --query location), a follower database shares the data without a copy.`,
    };
  }
  if (from !== to)
    return {
      possible: "no",
      reason: `The clusters are in two regions, ${from} and ${to}: a follower shares within one.`,
    };
  return {
    possible: "yes",
    reason: `Both clusters are in ${from}: a follower database would share the data, read-only and seconds to minutes behind, without a copy and its storage: kusto-copy follow attach shares it.`,
  };
}

function hostOf(cluster: string): string | undefined {
  try {
    return new URL(cluster).host.toLowerCase();
  } catch {
    return undefined;
  }
}
