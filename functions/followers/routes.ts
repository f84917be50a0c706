import type { Route } from "../api/route.ts";
import { attachRoute } from "./attach.ts";
import { detachRoute } from "./detach.ts";
import { followedRoute, followersRoute } from "./lists.ts";
import { operationRoute } from "./operations.ts";
import { overridesRoute } from "./overrides.ts";
import { verifyRoute } from "./verify.ts";

export const followerRoutes: readonly Route[] = [
  attachRoute,
  followedRoute,
  followersRoute,
  verifyRoute,
  overridesRoute,
  detachRoute,
  operationRoute,
];
