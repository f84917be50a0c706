import { verifyRequestSchema } from "../../model/followers/reports.ts";
import type { Route } from "../api/route.ts";
import { FOLLOWER } from "./examples.ts";
import { BEGUN, begin } from "./operations.ts";

export const verifyRoute: Route = {
  name: "postFollowersVerify",
  method: "POST",
  path: "followers/verify",
  summary: "See from both sides whether databases are shared, and what is missing",
  body: {
    schema: verifyRequestSchema,
    required: true,
    examples: { all: { follower: FOLLOWER }, one: { follower: FOLLOWER, databases: ["Telemetry"] } },
  },
  answers: BEGUN,
  problems: { 400: "Every wrong field is named" },
  handler: (request, context) => begin("verify", verifyRequestSchema, request, context),
};
