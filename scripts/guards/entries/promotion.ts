import type { Guard } from "../guard.ts";

/** What is shown at the destination, and what is swept there. */
export const promotionGuards: readonly Guard[] = [];
