import { Terminal } from "../errors.ts";

/** A Kusto cluster as Azure Resource Manager names it. */
export interface ClusterResource {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly name: string;
}

const CLUSTER_ID =
  /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/Microsoft\.Kusto\/clusters\/([^/]+?)\/?$/i;

/** Reads a cluster's resource id, in any case as Azure compares ids. Undefined where the text is none. */
export function readClusterResource(text: string): ClusterResource | undefined {
  const match = CLUSTER_ID.exec(text.trim());
  const [, subscriptionId, resourceGroup, name] = match ?? [];
  if (subscriptionId === undefined || resourceGroup === undefined || name === undefined) return undefined;
  return { subscriptionId, resourceGroup, name };
}

/** As `readClusterResource`; throws Terminal where the text is no cluster's resource id. */
export function parseClusterResource(text: string): ClusterResource {
  const read = readClusterResource(text);
  if (read) return read;
  throw new Terminal(
    `"${text.slice(0, 200)}" is not the resource id of a cluster.`,
    {},
    {
      advice:
        "Write it as /subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Kusto/clusters/<name>; az kusto cluster show --query id prints it.",
    },
  );
}

export function clusterResourceId({ subscriptionId, resourceGroup, name }: ClusterResource): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.Kusto/clusters/${name}`;
}

/** Whether two resource ids are of one resource: Azure compares them without case. */
export function sameResource(a: string, b: string): boolean {
  const plain = (id: string) => id.trim().replace(/\/$/, "").toLowerCase();
  return plain(a) === plain(b);
}
