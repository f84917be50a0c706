/**
 * How the real host words a failed activity for the orchestration
 * (test/local/host/recordings/orchestrator-turns.json: fails-1, retries-1): the message of the rpc exception,
 * with the blank that its label leaves, and a serialised .NET exception around it.
 */

export interface Thrown {
  message: string;
  stack: string;
}

export function thrownFrom(error: unknown): Thrown {
  if (error instanceof Error) {
    return { message: error.message, stack: error.stack ?? `${error.name}: ${error.message}` };
  }
  const message = typeof error === "string" ? error : `Unknown error: ${String(error)}`;
  return { message, stack: message };
}

const hresult = -2146233088;

export function activityFailure(name: string, thrown: Thrown): { reason: string; details: string } {
  const message = ` ${thrown.message}`;
  const details = JSON.stringify({
    $type: "System.Exception, System.Private.CoreLib",
    ClassName: "System.Exception",
    Message: message,
    Data: null,
    InnerException: {
      $type: "Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException, Microsoft.Azure.WebJobs.Script",
      IsUserException: false,
      RemoteStackTrace: thrown.stack,
      RemoteMessage: thrown.message,
      RemoteTypeName: null,
      Message: `Result: Failure\nException: ${thrown.message}\nStack: ${thrown.stack}`,
      Data: { $type: "System.Collections.ListDictionaryInternal, System.Private.CoreLib" },
      InnerException: null,
      HelpLink: null,
      Source: "System.Private.CoreLib",
      HResult: hresult,
      StackTrace: "",
    },
    HelpURL: null,
    StackTraceString: null,
    RemoteStackTraceString: null,
    RemoteStackIndex: 0,
    ExceptionMethod: null,
    HResult: hresult,
    Source: null,
    WatsonBuckets: null,
  });
  return { reason: `Activity function '${name}' failed: ${message}`, details };
}

/** The output of a failed orchestration, and what its parent is told. */
export function orchestratorFailure(name: string, error: string): { reason: string; details: string } {
  return {
    reason: `Orchestrator function '${name}' failed: ${error}`,
    details: `Message: ${error}, StackTrace:    at System.Threading.Tasks.Task.ThrowIfExceptional(Boolean includeTaskCanceledExceptions)`,
  };
}

const stateLabel = "\n\n$OutOfProcData$:";

/** The orchestrator's state as the SDK puts it behind the message of an error; null where there is none. */
export function stateOfFailure(message: string): string | null {
  const index = message.indexOf(stateLabel);
  return index < 0 ? null : message.slice(index + stateLabel.length);
}
