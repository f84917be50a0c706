import * as df from "durable-functions";

// The orchestrators that the recordings ran, without the one on entities.

df.app.activity("echo", { handler: (input) => input });
df.app.activity("boom", {
  handler: () => {
    throw new TypeError("deliberate failure");
  },
});
const seen = new Map();
df.app.activity("flaky", {
  handler: (key) => {
    const n = (seen.get(key) ?? 0) + 1;
    seen.set(key, n);
    if (n < 3) throw new Error(`flaky ${n}`);
    return n;
  },
});
df.app.activity("slow", {
  handler: async (ms) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return ms;
  },
});
df.app.activity("none", { handler: () => undefined });

df.app.orchestration("chain", function* (ctx) {
  const a = yield ctx.df.callActivity("echo", { a: 1, s: 'é"\n' });
  const b = yield ctx.df.callActivity("echo", [a, null, true]);
  yield ctx.df.callActivity("none", null);
  return { a, b, now: ctx.df.currentUtcDateTime, id: ctx.df.instanceId, guid: ctx.df.newGuid("x") };
});
df.app.orchestration("fan", function* (ctx) {
  ctx.df.setCustomStatus({ progress: 0 });
  const r = yield ctx.df.Task.all([1, 2, 3].map((i) => ctx.df.callActivity("echo", i)));
  ctx.df.setCustomStatus({ progress: 1 });
  return r;
});
df.app.orchestration("anyTimer", function* (ctx) {
  const t = ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + 20000));
  const a = ctx.df.callActivity("slow", 300);
  const w = yield ctx.df.Task.any([a, t]);
  if (w === a) t.cancel();
  return w === a ? "activity" : "timer";
});
df.app.orchestration("timer", function* (ctx) {
  yield ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + 1500));
  return "woke";
});
df.app.orchestration("fails", function* (ctx) {
  yield ctx.df.callActivity("boom", null);
});
df.app.orchestration("catches", function* (ctx) {
  try {
    yield ctx.df.callActivity("boom", null);
  } catch (e) {
    return { name: e.name, message: e.message };
  }
});
df.app.orchestration("retries", function* (ctx) {
  const o = new df.RetryOptions(1000, 4);
  o.backoffCoefficient = 1;
  return yield ctx.df.callActivityWithRetry("flaky", o, ctx.df.instanceId);
});
df.app.orchestration("retriesExhausted", function* (ctx) {
  const o = new df.RetryOptions(1000, 2);
  try {
    return yield ctx.df.callActivityWithRetry("boom", o, 1);
  } catch (e) {
    return { name: e.name, message: e.message };
  }
});
df.app.orchestration("child", function* (ctx) {
  const x = ctx.df.getInput();
  if (x === "bad") throw new Error("child failed");
  if (x?.p !== undefined) return yield ctx.df.callActivity("work", x);
  return yield ctx.df.callActivity("echo", x);
});
df.app.orchestration("parent", function* (ctx) {
  const a = yield ctx.df.callSubOrchestrator("child", { k: 1 }, `${ctx.df.instanceId}:c1`);
  let b;
  try {
    b = yield ctx.df.callSubOrchestrator("child", "bad");
  } catch (e) {
    b = { name: e.name, message: e.message };
  }
  return { a, b };
});
df.app.orchestration("waits", function* (ctx) {
  return yield ctx.df.waitForExternalEvent("go");
});
df.app.orchestration("eternal", function* (ctx) {
  const n = ctx.df.getInput() ?? 0;
  const r = yield ctx.df.callActivity("echo", n);
  if (n < 2) {
    ctx.df.continueAsNew(r + 1);
    return;
  }
  return `done ${n}`;
});
df.app.orchestration("anyActivities", function* (ctx) {
  const ts = [ctx.df.callActivity("slow", 1500), ctx.df.callActivity("slow", 100)];
  const first = yield ctx.df.Task.any(ts);
  const all = yield ctx.df.Task.all(ts);
  return { first: first.result, all };
});
df.app.orchestration("throwsAfter", function* (ctx) {
  yield ctx.df.callActivity("echo", 1);
  throw new RangeError("after one");
});
