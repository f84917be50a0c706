import { parseArgs } from "node:util";
import { startHost } from "./startHost.ts";

const usage = `Runs an Azure Functions app of this machine.

  node local/host/main.ts [options]

  --app DIR        the app's folder, with host.json and package.json (.)
  --port NUMBER    (7071)
  --data DIR       keeps orchestrations there between runs
  --task-hub NAME
  --keys           asks for function keys
  --early-timers   durable timers fire up to a second early, as on Azure Storage
`;

const { values } = parseArgs({
  options: {
    app: { type: "string", default: "." },
    port: { type: "string", default: process.env.FUNCTIONS_PORT ?? "7071" },
    data: { type: "string" },
    "task-hub": { type: "string" },
    keys: { type: "boolean", default: false },
    "early-timers": { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

if (values.help) {
  process.stdout.write(usage);
} else {
  const host = await startHost({
    app: values.app,
    port: Number(values.port),
    keys: values.keys,
    earlyTimers: values["early-timers"],
    ...(values.data === undefined ? {} : { data: values.data }),
    ...(values["task-hub"] === undefined ? {} : { taskHub: values["task-hub"] }),
  });
  for (const route of host.routes) {
    process.stdout.write(`${route.name}: [${route.methods.join(",")}] ${host.url}${route.path}\n`);
  }
  if (values.keys) {
    process.stdout.write(`master key: ${host.keys.master}\nfunction key: ${host.keys.function}\n`);
  }
  process.stdout.write(`Functions host ready on ${host.url}\n`);
  const stop = (): void => {
    void host.stop().then(() => process.exit(0));
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}
