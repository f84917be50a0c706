import { overrideRequestSchema } from "../../model/followers/overrides.ts";
import type { Route } from "../api/route.ts";
import { FOLLOWER } from "./examples.ts";
import { BEGUN, begin } from "./operations.ts";

export const overridesRoute: Route = {
  name: "patchFollowersOverrides",
  method: "PATCH",
  path: "followers/overrides",
  summary:
    "Set what a follower has of its own on a database that it follows: caching, principals, prefetching",
  body: {
    schema: overrideRequestSchema,
    required: true,
    examples: {
      plan: { follower: FOLLOWER, database: "Telemetry", caching: { database: "7d" }, planOnly: true },
      caching: {
        follower: FOLLOWER,
        database: "Telemetry",
        caching: { database: "0d", tables: { Logs: "3d", Old: null }, kind: "replace" },
      },
      principals: {
        follower: FOLLOWER,
        database: "Telemetry",
        principals: {
          add: [{ role: "viewers", principals: ["aadgroup=team@contoso.com"], notes: "The team" }],
          kind: "union",
        },
      },
    },
  },
  answers: BEGUN,
  problems: { 400: "Every wrong field is named" },
  handler: (request, context) => begin("override", overrideRequestSchema, request, context),
};
