import { app } from "@azure/functions";
import * as df from "durable-functions";
import "./orchestrators.js";
import "./patterns.js";

// Tests in the same process read here what the host sent to each orchestration turn, and what the SDK answered.
globalThis.recordedTurns = [];
globalThis.recordedActivities = [];
app.hook.postInvocation((context) => {
  const { invocationContext, inputs, result, error } = context;
  const { type } = invocationContext.options.trigger;
  if (type !== "orchestrationTrigger" && type !== "activityTrigger") return;
  const shared = { name: invocationContext.functionName, input: structuredClone(inputs[0]) };
  const threw = error === null ? null : { name: error.name, message: error.message };
  const plain = result === undefined ? null : JSON.parse(JSON.stringify(result));
  if (type === "orchestrationTrigger") globalThis.recordedTurns.push({ ...shared, result: plain, threw });
  if (type === "activityTrigger") {
    const { triggerMetadata } = invocationContext;
    globalThis.recordedActivities.push({ ...shared, result: plain, threw, triggerMetadata });
  }
});

app.http("start", {
  route: "start/{name}/{id?}",
  methods: ["POST"],
  authLevel: "anonymous",
  extraInputs: [df.input.durableClient()],
  handler: async (request, context) => {
    const client = df.getClient(context);
    globalThis.recordedBinding = context.extraInputs.get(context.options.extraInputs[0]);
    let input;
    try {
      input = await request.json();
    } catch {}
    const id = await client.startNew(request.params.name, { instanceId: request.params.id, input });
    return client.createCheckStatusResponse(request, id);
  },
});

app.http("status", {
  route: "status/{id}",
  methods: ["GET"],
  extraInputs: [df.input.durableClient()],
  handler: async (request, context) => ({ jsonBody: await df.getClient(context).getStatus(request.params.id) }),
});

app.http("ping", { methods: ["GET"], authLevel: "anonymous", handler: () => ({ body: "ok" }) });
app.http("echoRequest", {
  route: "echo/{first}/{second:int?}",
  methods: ["GET", "POST", "PUT"],
  authLevel: "function",
  handler: async (request) => ({
    status: 207,
    headers: { "x-custom": "yes", "content-type": "application/json" },
    cookies: [{ name: "c", value: "v", path: "/", httpOnly: true }],
    body: JSON.stringify({
      method: request.method,
      params: request.params,
      query: Object.fromEntries(request.query),
      header: request.headers.get("x-test"),
      body: request.method === "GET" ? null : await request.text(),
    }),
  }),
});
app.http("adminOnly", { methods: ["GET"], authLevel: "admin", handler: () => ({ body: "admin" }) });
app.http("nothing", { methods: ["GET"], handler: () => undefined });
app.http("throws", {
  methods: ["GET"],
  handler: () => {
    throw new Error("on purpose");
  },
});
app.http("bytes", { methods: ["POST"], handler: async (request) => ({ body: await request.arrayBuffer() }) });
app.http("stream", {
  methods: ["GET"],
  handler: () => ({ body: new Blob(["a".repeat(1000), "b"]).stream() }),
});
app.http("logs", {
  methods: ["GET"],
  handler: (_, context) => {
    context.log("said at %s", "information");
    context.debug("said at debug");
    return { body: "logged" };
  },
});

globalThis.recordedTimers = [];
app.timer("everySecond", {
  schedule: "%EVERY_SECOND%",
  handler: (timer) => {
    globalThis.recordedTimers.push(timer);
  },
});
app.timer("atStart", {
  schedule: "0 0 3 1 1 *",
  runOnStartup: true,
  handler: (timer) => {
    globalThis.recordedTimers.push({ ...timer, atStart: true });
  },
});
