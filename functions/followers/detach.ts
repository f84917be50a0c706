import { detachRequestSchema } from "../../model/followers/detach.ts";
import type { Route } from "../api/route.ts";
import { FOLLOWER, LEADER } from "./examples.ts";
import { BEGUN, begin } from "./operations.ts";

export const detachRoute: Route = {
  name: "deleteFollowers",
  method: "DELETE",
  path: "followers",
  summary: "Detach databases, at the follower or at the leader: users of the follower lose them at once",
  body: {
    schema: detachRequestSchema,
    required: true,
    examples: {
      atFollower: { follower: FOLLOWER, databases: ["Telemetry"] },
      allOfLeader: { follower: FOLLOWER, leader: LEADER, databases: ["*"] },
      atLeader: { side: "leader", leader: LEADER, follower: FOLLOWER, databases: ["Telemetry"] },
      allAtLeader: { side: "leader", leader: LEADER, databases: ["*"] },
    },
  },
  answers: BEGUN,
  problems: { 400: "Every wrong field is named" },
  handler: (request, context) => begin("detach", detachRequestSchema, request, context),
};
