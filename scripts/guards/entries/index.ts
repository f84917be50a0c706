import type { Guard } from "../guard.ts";
import { clusterGuards } from "./clusters.ts";
import { dayGuards } from "./days.ts";
import { logGuards } from "./log.ts";
import { orchestrationGuards } from "./orchestration.ts";
import { promotionGuards } from "./promotion.ts";
import { surviveGuards } from "./survive.ts";
import { windowGuards } from "./windows.ts";

/*
 * Every guard that is taken away by `npm run test:guards`, those with quick tests first. A new one goes into the file of its
 * subject, or into a file of its own that is added here.
 */
export const guards: readonly Guard[] = [
  ...logGuards,
  ...orchestrationGuards,
  ...clusterGuards,
  ...windowGuards,
  ...promotionGuards,
  ...dayGuards,
  ...surviveGuards,
];
