import { Client } from "azure-kusto-data";
import { z } from "zod";
import { attachmentSchema } from "../../../../local/kusto/following/attachment.ts";
import { type Cluster, type Row, startCluster } from "../engine/cluster.ts";

const described = z.object({
  attachments: z.array(attachmentSchema),
  databases: z.array(
    z.object({
      name: z.string(),
      configuration: z.string(),
      leader: z.object({ name: z.string(), url: z.string() }),
      leaderDatabase: z.string(),
      principalsKind: z.string(),
    }),
  ),
  troubles: z.array(z.object({ configuration: z.string(), message: z.string() })),
});

export type Described = z.output<typeof described>;

export interface AttachmentInput {
  readonly configuration?: string;
  readonly leader: Cluster;
  readonly database: string;
  readonly nameOverride?: string;
  readonly namePrefix?: string;
  readonly principalsKind?: "Union" | "Replace" | "None";
  readonly sharing?: Readonly<Record<string, readonly string[]>>;
}

/** A cluster that follows others, its refresh driven by the test. */
export interface FollowerCluster extends Cluster {
  readonly attach: (...attachments: readonly AttachmentInput[]) => Promise<Described>;
  readonly refresh: () => Promise<Described>;
  readonly queryIn: (database: string, text: string) => Promise<Row[]>;
}

export async function startFollower(...options: string[]): Promise<FollowerCluster> {
  const cluster = await startCluster("--follower-refresh-seconds", "3600", ...options);
  const client = new Client(cluster.url);
  const ask = async (path: string, method: string, body?: object): Promise<Described> => {
    const response = await fetch(`${cluster.url}/local/following${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(await response.text());
    return described.parse(await response.json());
  };
  return {
    ...cluster,
    attach: (...attachments) =>
      ask("", "PUT", {
        attachments: attachments.map(({ leader, ...given }) => ({
          configuration: "share",
          principalsKind: "Union",
          ...given,
          leader: { name: "leader", url: leader.url },
        })),
      }),
    refresh: () => ask("/refresh", "POST"),
    queryIn: async (database, text) => {
      const answer = await client.executeQuery(database, text);
      return answer.primaryResults[0]?.toJSON<Row>().data ?? [];
    },
    stop: async () => {
      client.close();
      return cluster.stop();
    },
  };
}
