import { parseArgs } from "node:util";
import { z } from "zod";
import { startResourceManager } from "./server.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8082" },
    /** `name=url`, once for each cluster. */
    cluster: { type: "string", multiple: true, default: [] },
    /** `name=region`, for clusters that aren't in `westus`. */
    region: { type: "string", multiple: true, default: [] },
    data: { type: "string" },
    "operation-ms": { type: "string", default: "100" },
  },
});

const pair = z
  .string()
  .regex(/^[^=]+=.+$/, "must be name=value")
  .transform((text) => ({
    name: text.slice(0, text.indexOf("=")),
    value: text.slice(text.indexOf("=") + 1),
  }));
const options = z
  .object({
    port: z.coerce.number().int().min(0).max(65535),
    cluster: z.array(pair.pipe(z.object({ name: z.string(), value: z.url() }))),
    region: z.array(pair),
    data: z.string().optional(),
    "operation-ms": z.coerce.number().min(0),
  })
  .parse(values);

const manager = await startResourceManager({
  port: options.port,
  clusters: options.cluster.map(({ name, value: url }) => {
    const location = options.region.find((region) => region.name === name)?.value;
    return { name, url, ...(location === undefined ? {} : { location }) };
  }),
  operationMs: options["operation-ms"],
  ...(options.data === undefined ? {} : { data: options.data }),
});
process.stdout.write(
  `${JSON.stringify({ ready: true, name: "arm", port: manager.port, url: manager.url })}\n`,
);
const stop = () => {
  manager.close().then(() => process.exit(0));
};
process.once("SIGTERM", stop);
process.once("SIGINT", stop);
