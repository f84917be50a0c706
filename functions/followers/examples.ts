const CLUSTERS =
  "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg/providers/Microsoft.Kusto/clusters";

/* The clusters of the API's examples. */
export const FOLLOWER = `${CLUSTERS}/myfollower`;
export const LEADER = `${CLUSTERS}/myleader`;
