import type { OptionSpec } from "../program/options.ts";
import { FOLLOW_OPTIONS as O } from "./options.ts";
import type { FollowVerb } from "./run.ts";

/** A verb of `kusto-copy follow`. */
export interface FollowVerbSpec {
  readonly name: FollowVerb;
  readonly description: string;
  readonly options: readonly OptionSpec[];
  readonly examples: readonly string[];
}

export const FOLLOW = "follow";

const FOLLOWER =
  "--follower /subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Kusto/clusters/myfollower";
const LEADER =
  "--leader /subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Kusto/clusters/myleader";

export const FOLLOW_VERBS: readonly FollowVerbSpec[] = [
  {
    name: "attach",
    description:
      "attach databases of a leader to a follower in its region, and wait until both sides show it",
    options: [
      O.follower,
      O.leader,
      O.databases,
      O.principalsKind,
      O.name,
      O.namePrefix,
      O.shareTables,
      O.hideTables,
      O.shareExternalTables,
      O.hideExternalTables,
      O.shareViews,
      O.hideViews,
      O.shareFunctions,
      O.hideFunctions,
    ],
    examples: [
      `kusto-copy follow attach ${FOLLOWER} ${LEADER} --databases Telemetry Orders`,
      `kusto-copy follow attach ${FOLLOWER} ${LEADER} --databases "*" --name-prefix prod_`,
    ],
  },
  {
    name: "list",
    description: "what a cluster follows, with settings and overrides, or who follows it",
    options: [O.follower, O.leader],
    examples: [`kusto-copy follow list ${FOLLOWER}`, `kusto-copy follow list ${LEADER}`],
  },
  {
    name: "verify",
    description: "see from both sides whether databases are shared, and what is missing",
    options: [O.follower, O.leader, O.databases],
    examples: [`kusto-copy follow verify ${FOLLOWER}`],
  },
  {
    name: "override",
    description: "caching, principals and prefetching of a followed database, before and after",
    options: [
      O.follower,
      O.databases,
      O.hot,
      O.hotTables,
      O.hotViews,
      O.cachingKind,
      O.addPrincipals,
      O.dropPrincipals,
      O.principalsKind,
      O.prefetch,
      O.plan,
    ],
    examples: [
      `kusto-copy follow override ${FOLLOWER} --databases Telemetry --hot 3d --hot-tables Logs=7d --plan`,
      `kusto-copy follow override ${FOLLOWER} --databases Telemetry --add-principals viewers:aadgroup=team@contoso.com`,
    ],
  },
  {
    name: "detach",
    description: "detach databases at the follower or at the leader: users of the follower lose them",
    options: [O.side, O.follower, O.leader, O.databases],
    examples: [
      `kusto-copy follow detach ${FOLLOWER} --databases Telemetry`,
      `kusto-copy follow detach --side leader ${LEADER} --databases "*" --yes`,
    ],
  },
];
