import { app, type HttpResponseInit } from "@azure/functions";
import { knownConnections } from "../activities/environment.ts";
import { describe } from "../model/errors.ts";
import { problem } from "./problem.ts";

/** Whether the app runs and its settings can be used. Asks nothing of the clusters: it answers load balancers too. */
function health(): HttpResponseInit {
  try {
    knownConnections();
  } catch (error) {
    return problem(503, "The app's settings can't be used.", describe(error));
  }
  return { jsonBody: { status: "ok" } };
}

app.http("health", { methods: ["GET"], route: "health", authLevel: "function", handler: health });
