import type { OrchestrationContext, OrchestrationHandler } from "durable-functions";
import { type DurableFunctions, decide } from "../../../local/host/durable/decide.ts";
import {
  executionStarted,
  type HistoryEvent,
  orchestratorCompleted,
  orchestratorStarted,
  taskCompleted,
  taskFailed,
  taskScheduled,
  timerCreated,
  timerFired,
} from "../../../local/host/durable/events.ts";
import { markPlayed, pendingInstance } from "../../../local/host/durable/instance.ts";
import type { ReplayEnd, Scheduled } from "../../../local/host/durable/replay.ts";
import { loadFunctions } from "../../../local/host/tryOrchestrators.ts";
import {
  type Asked,
  BEGIN,
  type Came,
  digest,
  type End,
  type Execution,
  type RecordedHistory,
} from "./format.ts";

/** An orchestrator that asks for something else than its recorded history holds. */
export class OtherOrder extends Error {}

const REGENERATE =
  "Where the change is meant, record the histories anew: npm run histories. Instances that are running then need their own task hub (docs/deploy.md, Upgrades).";
const UNSEEN =
  "The host compares names and numbers only: a running instance would be given the recorded answer of another call, and nobody would be told.";

/**
 * Replays a recorded history turn by turn over the real SDK: as in the host, each turn is given all that came before, and must
 * ask for exactly what the history holds next, in its order. The host compares kinds, names and numbers of tasks; here the
 * tasks' inputs and times count too. Throws OtherOrder where they differ, naming the event and the place in the orchestrator.
 */
export async function replayHistory(
  name: string,
  recorded: RecordedHistory,
  handler: OrchestrationHandler,
): Promise<void> {
  const places: string[] = [];
  const { orchestrator } = recorded;
  const loaded = loadFunctions({ [orchestrator]: placing(handler, places) }, {});
  // What it calls is not run: every activity counts as there.
  const functions: DurableFunctions = { ...loaded, hasActivity: () => true };
  for (const [index, execution] of recorded.executions.entries()) {
    const where = `${name}, execution ${index + 1} of ${orchestrator}`;
    await replayExecution({ where, orchestrator, functions, places }, execution, index > 0);
  }
}

interface Replaying {
  readonly where: string;
  readonly orchestrator: string;
  readonly functions: DurableFunctions;
  /** Where in the orchestrators each task of the turn was made, by its number. */
  readonly places: string[];
}

async function replayExecution(
  replaying: Replaying,
  execution: Execution,
  continued: boolean,
): Promise<void> {
  const start = executionStarted({
    instance: { InstanceId: "trial", ExecutionId: "execution" },
    parent: null,
    name: replaying.orchestrator,
    input: JSON.stringify(execution.input),
    generation: continued ? null : 0,
    at: timeOf(execution.turns[0]?.at ?? 0),
  });
  const instance = pendingInstance(start);
  const timers = new Map<number, HistoryEvent & { EventType: 10 }>();
  let next = 0;
  for (const [index, turn] of execution.turns.entries()) {
    const at = timeOf(turn.at);
    const last = index === execution.turns.length - 1;
    const first = continued ? [start, orchestratorCompleted(at)] : [start];
    const came = [
      orchestratorStarted(at),
      ...(index === 0 ? first : []),
      ...turn.came.map((each) => arrived(each, timers, at)),
    ];
    const history = [...instance.history, ...came];
    replaying.places.length = 0;
    const { replay, failure } = await decide(replaying.functions, instance, history);
    const where = `${replaying.where}, turn ${index + 1}`;
    if (replay === null) throw new OtherOrder(`${where}: ${failure?.reason ?? "no answer"} ${REGENERATE}`);
    const made = turn.asked.map((asked, i) => scheduledEvent(asked, next + i, at));
    for (let i = 0; i < Math.max(turn.asked.length, replay.scheduled.length); i++) {
      const event = `${where}, event ${history.length + i + 1}`;
      compareTask(replaying, event, turn.asked[i], replay.scheduled[i], next + i);
    }
    compareEnd(replaying, where, last ? execution.end : undefined, replay.end, failure?.reason);
    for (const event of made) if (event.EventType === 10) timers.set(event.EventId, event);
    next += made.length;
    instance.history.push(...markPlayed(came), ...made, orchestratorCompleted(at));
  }
}

function compareTask(
  { orchestrator, places }: Replaying,
  event: string,
  was: Asked | undefined,
  is: Scheduled | undefined,
  number: number,
): void {
  const place = (is && places[is.id]) ?? "";
  const now = `${orchestrator} asks for ${describeScheduled(is)} now${place}`;
  const told = `${event} (task ${number}): the history holds ${describeAsked(was)}, and ${now}.`;
  const sameName =
    (was?.[0] === "timer" && is?.kind === "timer") ||
    (was?.[0] === "activity" && is?.kind === "activity" && was[1] === is.name);
  if (!sameName || is.id !== number) throw new OtherOrder(`${told} ${REGENERATE}`);
  const sameInput =
    is.kind === "timer"
      ? was[1] === Date.parse(is.fireAt) - BEGIN
      : is.kind === "activity" && was[2] === digest(is.input);
  if (!sameInput) throw new OtherOrder(`${told} ${UNSEEN} ${REGENERATE}`);
}

function compareEnd(
  { orchestrator }: Replaying,
  where: string,
  was: End | undefined,
  is: ReplayEnd,
  failed: string | undefined,
): void {
  const now = endOf(is, failed);
  if (was?.join() === now?.join()) return;
  const words = (end: End | undefined) => (end === undefined ? "goes on" : `ends ${end[0]} (${end[1]})`);
  throw new OtherOrder(
    `${where}: the history ${words(was)} after it, and ${orchestrator} ${words(now)} now. ${REGENERATE}`,
  );
}

function endOf(end: ReplayEnd, failed: string | undefined): End | undefined {
  switch (end.kind) {
    case "completed":
      return ["completed", digest(end.output)];
    case "continuedAsNew":
      return ["continuedAsNew", digest(end.input)];
    case "failed":
      return ["failed", digest(failed ?? "")];
    default:
      return undefined;
  }
}

function describeAsked(asked: Asked | undefined): string {
  if (asked === undefined) return "nothing more in this turn";
  return asked[0] === "timer" ? `a timer for ${timeOf(asked[1])}` : `${asked[1]} (input ${asked[2]})`;
}

function describeScheduled(task: Scheduled | undefined): string {
  if (task === undefined) return "nothing more";
  return task.kind === "timer" ? `a timer for ${task.fireAt}` : `${task.name} (input ${digest(task.input)})`;
}

function timeOf(ms: number): string {
  return new Date(BEGIN + ms).toISOString();
}

function arrived(
  came: Came,
  timers: ReadonlyMap<number, HistoryEvent & { EventType: 10 }>,
  at: string,
): HistoryEvent {
  if (came[0] === "done") return taskCompleted(came[1], JSON.stringify(came[2]), at);
  if (came[0] === "failed") return taskFailed(came[1], came[2], came[3], at);
  const timer = timers.get(came[1]);
  if (!timer) throw new Error(`Timer ${came[1]} fires in a history that doesn't hold it.`);
  return timerFired(timer);
}

function scheduledEvent(asked: Asked, id: number, at: string) {
  return asked[0] === "timer"
    ? timerCreated(id, timeOf(asked[1]), at)
    : taskScheduled(id, asked[1], null, at);
}

/** The orchestrator, with a note of where each task is made: tasks get their numbers in this order. */
function placing(handler: OrchestrationHandler, places: string[]): OrchestrationHandler {
  return function* placed(context: OrchestrationContext) {
    const { df } = context;
    const callActivity = df.callActivity.bind(df);
    const createTimer = df.createTimer.bind(df);
    df.callActivity = (name, input) => {
      places.push(placeOf(new Error().stack ?? ""));
      return callActivity(name, input);
    };
    df.createTimer = (fireAt) => {
      places.push(placeOf(new Error().stack ?? ""));
      return createTimer(fireAt);
    };
    return yield* handler(context);
  };
}

/** The functions of orchestrators/ that a stack goes through, the innermost first. */
function placeOf(stack: string): string {
  const frames = stack.split("\n").flatMap((line) => {
    const found = /at (?:async )?(\w+).*\/(orchestrators\/(?:followers\/)?\w+\.ts):(\d+)/.exec(line);
    return found === null || line.includes("/test/") ? [] : [`${found[1]} (${found[2]}:${found[3]})`];
  });
  return frames.length === 0 ? "" : `, in ${frames.slice(0, 4).join(" < ")}`;
}
