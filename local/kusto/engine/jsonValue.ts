import { z } from "zod";
import type { Json } from "./state.ts";

/** Any JSON value, as the state keeps policies. */
export const jsonValue: z.ZodType<Json> = z.lazy(() =>
  z.union([
    z.null(),
    z.boolean(),
    z.number(),
    z.string(),
    z.array(jsonValue),
    z.record(z.string(), jsonValue),
  ]),
);
