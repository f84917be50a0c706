import { attachRequestSchema } from "../../model/followers/attachment.ts";
import type { Route } from "../api/route.ts";
import { FOLLOWER, LEADER } from "./examples.ts";
import { BEGUN, begin } from "./operations.ts";

export const attachRoute: Route = {
  name: "postFollowers",
  method: "POST",
  path: "followers",
  summary: "Attach databases of a leader to a follower; what is attached as asked is kept",
  body: {
    schema: attachRequestSchema,
    required: true,
    examples: {
      one: { follower: FOLLOWER, leader: LEADER, databases: ["Telemetry"] },
      several: {
        follower: FOLLOWER,
        leader: LEADER,
        databases: ["Telemetry", "Orders"],
        principals: "Replace",
        namePrefix: "prod_",
      },
      all: { follower: FOLLOWER, leader: LEADER, databases: ["*"], principals: "None" },
      tables: {
        follower: FOLLOWER,
        leader: LEADER,
        databases: ["Telemetry"],
        nameOverride: "Shared",
        sharing: { tablesToInclude: ["Logs", "Metrics*"], functionsToExclude: ["*"] },
      },
    },
  },
  answers: BEGUN,
  problems: { 400: "Every wrong field is named" },
  handler: (request, context) => begin("attach", attachRequestSchema, request, context),
};
