import { z } from "zod";

/** A value that JSON.parse gave: it is JSON, and looking through it again at each turn costs more than the turn. */
const parsedJson = z.custom<z.core.util.JSONType>((value) => value !== undefined);

/** The answer of the orchestration trigger: what the orchestrator has done so far, from its beginning. */

const retryOptionsSchema = z.object({
  firstRetryIntervalInMilliseconds: z.number(),
  maxNumberOfAttempts: z.number(),
  backoffCoefficient: z.number().optional(),
  maxRetryIntervalInMilliseconds: z.number().optional(),
  retryTimeoutInMilliseconds: z.number().optional(),
});
export type RetryOptions = z.infer<typeof retryOptionsSchema>;

const plainActionSchema = z.discriminatedUnion("actionType", [
  z.object({ actionType: z.literal(0), functionName: z.string(), input: parsedJson.optional() }),
  z.object({
    actionType: z.literal(1),
    functionName: z.string(),
    retryOptions: retryOptionsSchema,
    input: parsedJson.optional(),
  }),
  z.object({
    actionType: z.literal(2),
    functionName: z.string(),
    instanceId: z.string().optional(),
    input: parsedJson.optional(),
  }),
  z.object({
    actionType: z.literal(3),
    functionName: z.string(),
    instanceId: z.string().optional(),
    retryOptions: retryOptionsSchema,
    input: parsedJson.optional(),
  }),
  z.object({ actionType: z.literal(4), input: parsedJson.optional() }),
  z.object({ actionType: z.literal(5), fireAt: z.string(), isCanceled: z.boolean() }),
  z.object({ actionType: z.literal(6), externalEventName: z.string() }),
]);
export type PlainAction = z.infer<typeof plainActionSchema>;

export interface CompoundAction {
  actionType: 11 | 12;
  compoundActions: Action[];
}
export type Action = PlainAction | CompoundAction;

export const whenAny = 11;
export const whenAll = 12;

const refusedActions: Record<number, string> = {
  7: "callEntity",
  8: "callHttp",
  9: "signalEntity",
  10: "signalEntity at a time",
  13: "lock of entities",
  14: "release of entities",
};

const headSchema = z.object({ actionType: z.number(), compoundActions: z.array(parsedJson).optional() });

function parseAction(value: unknown): Action {
  const head = headSchema.parse(value);
  if (head.actionType === whenAny || head.actionType === whenAll) {
    return { actionType: head.actionType, compoundActions: (head.compoundActions ?? []).map(parseAction) };
  }
  const refused = refusedActions[head.actionType];
  if (refused !== undefined) throw new Error(`The local host does not have ${refused} for orchestrators.`);
  return plainActionSchema.parse(value);
}

const answerSchema = z.object({
  isDone: z.boolean(),
  actions: z.array(z.array(parsedJson)),
  output: parsedJson.optional(),
  error: z.string().optional(),
  customStatus: parsedJson.optional(),
  schemaVersion: z.number(),
});

export interface OrchestratorAnswer {
  isDone: boolean;
  actions: Action[];
  output: string | null;
  error: string | null;
  /** JSON text; null where the orchestrator has set none. */
  customStatus: string | null;
}

/** Reads the state that the SDK answers, or that it puts behind the message of the error it throws. */
export function parseAnswer(text: string): OrchestratorAnswer {
  const answer = answerSchema.parse(JSON.parse(text));
  return {
    isDone: answer.isDone,
    actions: answer.actions.flat().map(parseAction),
    output: answer.output === undefined ? null : JSON.stringify(answer.output),
    error: answer.error ?? null,
    customStatus:
      answer.customStatus === undefined || answer.customStatus === null
        ? null
        : JSON.stringify(answer.customStatus),
  };
}

export function describeAction(action: Action): string {
  switch (action.actionType) {
    case 0:
      return `callActivity("${action.functionName}", ${shorten(action.input)})`;
    case 1:
      return `callActivityWithRetry("${action.functionName}", ${shorten(action.input)})`;
    case 2:
      return `callSubOrchestrator("${action.functionName}", ${shorten(action.input)})`;
    case 3:
      return `callSubOrchestratorWithRetry("${action.functionName}", ${shorten(action.input)})`;
    case 4:
      return "continueAsNew";
    case 5:
      return `createTimer(${action.fireAt})`;
    case 6:
      return `waitForExternalEvent("${action.externalEventName}")`;
    case whenAny:
      return `Task.any([${action.compoundActions.map(describeAction).join(", ")}])`;
    case whenAll:
      return `Task.all([${action.compoundActions.map(describeAction).join(", ")}])`;
  }
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? "undefined";
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
