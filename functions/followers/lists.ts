import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import { describe, Terminal } from "../../model/errors.ts";
import { clusterIdSchema } from "../../model/followers/attachment.ts";
import { followedListSchema, followersListSchema } from "../../model/followers/reports.ts";
import { problem } from "../api/problem.ts";
import type { Route } from "../api/route.ts";
import { FOLLOWER, LEADER } from "./examples.ts";

/** Answers a list about the cluster that the query names; what the clusters refuse is a conflict to settle there. */
async function listed(
  request: HttpRequest,
  parameter: "follower" | "leader",
  list: (cluster: string) => Promise<object>,
): Promise<HttpResponseInit> {
  const cluster = clusterIdSchema.safeParse(request.query.get(parameter) ?? "");
  if (!cluster.success)
    return problem(
      400,
      "The request is not valid.",
      `?${parameter}= ${cluster.error.issues[0]?.message ?? "is needed"}`,
    );
  try {
    return { jsonBody: await list(cluster.data) };
  } catch (error) {
    if (!(error instanceof Terminal)) throw error;
    return problem(409, "The cluster can't be read.", describe(error));
  }
}

const problems = {
  400: "The cluster isn't named by its resource id",
  409: "The cluster isn't there, or this app has no rights on it",
};

export const followedRoute: Route = {
  name: "getFollowers",
  method: "GET",
  path: "followers",
  summary: "What a cluster follows, with settings and overrides",
  parameters: { follower: { in: "query", description: "Resource id of the follower", example: FOLLOWER } },
  answers: {
    200: {
      description: "What it follows",
      schema: followedListSchema,
      example: {
        follower: {
          id: FOLLOWER,
          location: "West Europe",
          state: "Running",
          uri: "https://myfollower.westeurope.kusto.windows.net",
          streamingIngestion: false,
        },
        attachments: [],
      },
    },
  },
  problems,
  handler: (request) =>
    listed(request, "follower", async (id) =>
      (await import("../../activities/followers/lists.ts")).followedList(id),
    ),
};

export const followersRoute: Route = {
  name: "getLeaders",
  method: "GET",
  path: "leaders",
  summary: "Who follows a cluster: clusters, with their settings, and Fabric items",
  parameters: { leader: { in: "query", description: "Resource id of the leader", example: LEADER } },
  answers: {
    200: {
      description: "Who follows it",
      schema: followersListSchema,
      example: {
        leader: LEADER,
        followers: [
          {
            follower: FOLLOWER,
            isCluster: true,
            configuration: "myleader-Telemetry",
            database: "Telemetry",
            origin: "Direct",
            settings: null,
            error: null,
          },
        ],
      },
    },
  },
  problems,
  handler: (request) =>
    listed(request, "leader", async (id) =>
      (await import("../../activities/followers/lists.ts")).followersList(id),
    ),
};
