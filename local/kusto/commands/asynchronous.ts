import type { Resource } from "../engine/capacity.ts";
import type { Outcome } from "../engine/operations.ts";
import { type CommandResult, result } from "../engine/result.ts";
import type { CommandContext } from "./context.ts";

/** Runs a command now, or starts it and answers its operation's id. */
export async function runOrStart(
  context: CommandContext,
  kind: string,
  resource: Resource | undefined,
  asynchronous: boolean,
  work: (operationId: string, signal: AbortSignal) => Promise<Outcome>,
): Promise<CommandResult> {
  const { operations } = context.engine;
  const request = {
    kind,
    resource,
    context: context.request,
    work: (signal: AbortSignal, id: string) => work(id, signal),
  };
  if (!asynchronous) return operations.run(request);
  return result(["OperationId:guid"], [[operations.start(request)]]);
}
