import { parseArgs } from "node:util";
import { z } from "zod";
import { startEventTopic } from "./server.ts";

const { values } = parseArgs({
  options: { port: { type: "string", default: "8083" }, key: { type: "string", default: "local" } },
});
const options = z
  .object({ port: z.coerce.number().int().min(0).max(65535), key: z.string().min(1) })
  .parse(values);

const topic = await startEventTopic(options);
process.stdout.write(
  `${JSON.stringify({ ready: true, name: "events", port: topic.port, url: topic.url })}\n`,
);
const stop = () => {
  topic.close().then(() => process.exit(0));
};
process.once("SIGTERM", stop);
process.once("SIGINT", stop);
