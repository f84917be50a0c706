import * as df from "durable-functions";

globalThis.recordedWork = new Map();
df.app.activity("work", {
  handler: async ({ p, id, ms }) => {
    const counts = globalThis.recordedWork.get(p) ?? {};
    counts[id] = (counts[id] ?? 0) + 1;
    globalThis.recordedWork.set(p, counts);
    await new Promise((resolve) => setTimeout(resolve, ms ?? 20));
    return id;
  },
});

function pattern(name, body) {
  df.app.orchestration(name, function* (ctx) {
    const w = (id, ms) => {
      const input = { p: ctx.df.instanceId, id };
      return ctx.df.callActivity("work", ms === undefined ? input : { ...input, ms });
    };
    const timer = (ms) => ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + ms));
    return yield* body(ctx, w, timer);
  });
}

pattern("oneAfterTheOther", function* (_, w) {
  const a = w("a", 300);
  const b = w("b", 300);
  const x = yield a;
  const y = yield b;
  return [x, y];
});
pattern("allOfFresh", function* (ctx, w) {
  return yield ctx.df.Task.all([w("a"), w("b"), w("c")]);
});
pattern("anyThenTheOther", function* (ctx, w) {
  const a = w("a", 100);
  const b = w("b", 800);
  const first = yield ctx.df.Task.any([a, b]);
  const rest = yield first === a ? b : a;
  return [first.result, rest];
});
pattern("anyThenAll", function* (ctx, w) {
  const ts = [w("a", 100), w("b", 800)];
  yield ctx.df.Task.any(ts);
  return yield ctx.df.Task.all(ts);
});
pattern("rollingAny", function* (ctx, w) {
  const left = ["a", "b", "c", "d", "e", "f"];
  const running = new Set();
  const out = [];
  while (running.size < 2) running.add(w(left.shift(), 200));
  while (running.size) {
    const t = yield ctx.df.Task.any([...running]);
    running.delete(t);
    out.push(t.result);
    if (left.length) running.add(w(left.shift(), 200));
  }
  return out;
});
pattern("anyOfFreshActivityAndTimer", function* (ctx, w, timer) {
  const t = timer(15000);
  const first = yield ctx.df.Task.any([w("a", 200), t]);
  if (!t.isCompleted) t.cancel();
  return first.result;
});
pattern("timerInLoop", function* (_, w, timer) {
  const out = [];
  for (const id of ["a", "b", "c"]) {
    yield timer(300);
    out.push(yield w(id));
  }
  return out;
});
pattern("wavesOfAll", function* (ctx, w) {
  const out = [];
  for (const wave of [["a", "b"], ["c", "d"], ["e"]]) {
    out.push(...(yield ctx.df.Task.all(wave.map((id) => w(id)))));
  }
  return out;
});
pattern("lanesOfSubOrchestrations", function* (ctx) {
  const { instanceId } = ctx.df;
  const lane = (id) => ctx.df.callSubOrchestrator("child", { p: instanceId, id }, `${instanceId}:${id}`);
  return yield ctx.df.Task.all(["a", "b", "c"].map(lane));
});
pattern("nestedAnyInAll", function* (ctx, w, timer) {
  const pair = (id) => ctx.df.Task.any([w(id, 200), timer(1500)]);
  const r = yield ctx.df.Task.all([pair("a"), pair("b")]);
  return r.map((t) => t.result);
});
pattern("sameEventTaskInLoop", function* (ctx, _, timer) {
  const stop = ctx.df.waitForExternalEvent("stop");
  let n = 0;
  for (;;) {
    const t = timer(700);
    const first = yield ctx.df.Task.any([stop, t]);
    if (first === stop) {
      t.cancel();
      return n;
    }
    n++;
    if (n > 20) return "never";
  }
});
pattern("failingOneOfAll", function* (ctx, w) {
  try {
    yield ctx.df.Task.all([w("a"), ctx.df.callActivity("nope", 1), w("c", 600)]);
  } catch (e) {
    return e.message;
  }
});
pattern("freshEventTaskInLoop", function* (ctx, _, timer) {
  for (let n = 0; ; n++) {
    const stop = ctx.df.waitForExternalEvent("stop");
    const t = timer(200);
    const first = yield ctx.df.Task.any([stop, t]);
    if (first === stop) {
      t.cancel();
      return n;
    }
  }
});
pattern("callsUnknownChild", function* (ctx) {
  return yield ctx.df.callSubOrchestrator("nobody", 1);
});
pattern("yieldsOneThenAll", function* (ctx, w) {
  const a = w("a");
  yield a;
  return yield ctx.df.Task.all([a, w("b")]);
});
pattern("bigStatus", function* (ctx, w) {
  yield w("a");
  ctx.df.setCustomStatus("x".repeat(ctx.df.getInput()));
  yield w("b");
  return "done";
});
pattern("childWithRetry", function* (ctx) {
  const retry = new df.RetryOptions(20, 3);
  try {
    return yield ctx.df.callSubOrchestratorWithRetry("child", retry, "bad", undefined);
  } catch (e) {
    return e.message.slice(0, 52);
  }
});
pattern("many", function* (ctx) {
  const n = ctx.df.getInput();
  const tasks = Array.from({ length: n }, (_, i) => ctx.df.callActivity("echo", i));
  return (yield ctx.df.Task.all(tasks)).length;
});
pattern("steps", function* (ctx) {
  let sum = 0;
  for (let i = 0; i < ctx.df.getInput(); i++) sum += yield ctx.df.callActivity("echo", i);
  return sum;
});
df.app.activity("mark", {
  handler: async ({ file, ms }) => {
    const { appendFileSync } = await import("node:fs");
    appendFileSync(file, "run\n");
    await new Promise((resolve) => setTimeout(resolve, ms));
    return "marked";
  },
});
pattern("restartable", function* (ctx) {
  const { file, ms } = ctx.df.getInput();
  const before = yield ctx.df.callActivity("echo", "before");
  const marked = yield ctx.df.callActivity("mark", { file, ms });
  yield ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + 300));
  return [before, marked];
});
const failedOnce = new Set();
df.app.activity("failsFirst", {
  handler: (key) => {
    if (failedOnce.has(key)) return "second";
    failedOnce.add(key);
    throw new Error("first");
  },
});
df.app.orchestration("failingChild", function* (ctx) {
  return yield ctx.df.callActivity("failsFirst", ctx.df.getInput());
});
pattern("failsInChild", function* (ctx) {
  return yield ctx.df.callSubOrchestrator("failingChild", ctx.df.instanceId);
});
pattern("countsDown", function* (ctx) {
  const n = ctx.df.getInput();
  yield ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + 1));
  if (n === 0) return "down";
  ctx.df.setCustomStatus({ left: n });
  ctx.df.continueAsNew(n - 1);
});
