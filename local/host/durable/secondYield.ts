import { z } from "zod";

/**
 * Finds a task that an orchestrator handed to more than one yield, or twice to one.
 *
 * The out-of-process protocol sends whole actions and no identity of tasks, so the host starts such a task once
 * per place it stands in, and the SDK gives results to the wrong tasks: an orchestration that ends "Completed"
 * with work lost and work done twice (test/local/host/recordings/patterns.json: rollingAny, anyThenAll,
 * sameEventTaskInLoop). In this process the SDK's answer still holds its action objects, so a task that stands
 * in two places is one object in two places.
 */
export function findSecondYield(answer: unknown): string | null {
  const parsed = stateSchema.safeParse(answer);
  if (!parsed.success) return null;
  const seen = new Map<object, string>();
  let found: string | null = null;
  const visit = (action: unknown, place: string): void => {
    if (found !== null || typeof action !== "object" || action === null) return;
    const head = actionSchema.safeParse(action);
    const before = seen.get(action);
    if (before !== undefined) {
      const where = before === place ? `twice in ${place}` : `in ${before} and again in ${place}`;
      found = `${head.success ? describe(head.data) : "a task"} is ${where}`;
      return;
    }
    seen.set(action, place);
    if (!head.success || head.data.compoundActions === undefined) return;
    const kind = head.data.actionType === 11 ? "Task.any" : "Task.all";
    for (const child of head.data.compoundActions) visit(child, `the ${kind} of ${place}`);
  };
  let number = 0;
  for (const list of parsed.data.actions) {
    for (const action of list) visit(action, `yield ${++number}`);
  }
  return found;
}

// z.unknown() and z.array() keep the SDK's objects as they are: their identity is what this looks at.
const stateSchema = z.object({ actions: z.array(z.array(z.unknown())) });
const actionSchema = z.object({
  actionType: z.number(),
  functionName: z.string().optional(),
  externalEventName: z.string().optional(),
  fireAt: z.unknown().optional(),
  input: z.unknown().optional(),
  compoundActions: z.array(z.unknown()).optional(),
});

function describe(action: z.infer<typeof actionSchema>): string {
  const input = JSON.stringify(action.input) ?? "";
  const shown = input.length > 120 ? `${input.slice(0, 120)}…` : input;
  switch (action.actionType) {
    case 0:
    case 1:
      return `the activity ${action.functionName}(${shown})`;
    case 2:
    case 3:
      return `the sub-orchestration ${action.functionName}(${shown})`;
    case 5:
      return `the timer for ${action.fireAt instanceof Date ? action.fireAt.toISOString() : String(action.fireAt)}`;
    case 6:
      return `the external event "${action.externalEventName}"`;
    case 11:
      return "a Task.any";
    default:
      return "a Task.all";
  }
}

export function secondYieldMessage(found: string): string {
  return (
    `a task is yielded a second time: ${found}. ` +
    "The real Durable Functions host runs a task again for each Task.any or Task.all it is handed to and mixes up " +
    "the results, losing some in silence, so the local host stops here. Yield each task once: fresh tasks in each " +
    "Task.all or Task.any, or the one left over of a Task.any by itself."
  );
}
