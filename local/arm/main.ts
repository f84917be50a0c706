import { parseArgs } from "node:util";
import { z } from "zod";
import { startResourceManager } from "./server.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8082" },
    /** `name=url`, once for each cluster. */
    cluster: { type: "string", multiple: true, default: [] },
  },
});

const cluster = z
  .string()
  .regex(/^[^=]+=.+$/, "must be name=url")
  .transform((text) => ({ name: text.slice(0, text.indexOf("=")), url: text.slice(text.indexOf("=") + 1) }))
  .pipe(z.object({ name: z.string(), url: z.url() }));
const options = z
  .object({ port: z.coerce.number().int().min(0).max(65535), cluster: z.array(cluster) })
  .parse(values);

const manager = await startResourceManager({ port: options.port, clusters: options.cluster });
process.stdout.write(
  `${JSON.stringify({ ready: true, name: "arm", port: manager.port, url: manager.url })}\n`,
);
const stop = () => {
  manager.close().then(() => process.exit(0));
};
process.once("SIGTERM", stop);
process.once("SIGINT", stop);
