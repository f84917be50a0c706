import { documentRoutes } from "./api/documents.ts";
import type { Route } from "./api/route.ts";
import { controlRoutes } from "./copies/controlCopies.ts";
import { copyRoutes } from "./copies/getCopies.ts";
import { postCopiesRoute } from "./copies/postCopies.ts";
import { followerRoutes } from "./followers/routes.ts";
import { healthRoute } from "./health.ts";
import { jobRoutes } from "./jobs/jobRoutes.ts";
import { reportRoutes } from "./reports.ts";

const answering: readonly Route[] = [
  postCopiesRoute,
  ...copyRoutes,
  ...controlRoutes,
  ...jobRoutes,
  ...reportRoutes,
  ...followerRoutes,
  healthRoute,
];

/** Every HTTP route of the app. A route that is added here is registered, in the OpenAPI document, and asked for in the docs. */
export const ROUTES: readonly Route[] = [...answering, ...documentRoutes(answering)];
