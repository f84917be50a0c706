import type { Engine } from "./durable/engine.ts";
import { isFinished } from "./durable/instance.ts";
import { type StatusPayload, statusPayload } from "./durable/status.ts";

/** What a program that runs the app in its own process may do with orchestrations. */
export interface HostClient {
  startNew(name: string, options?: { instanceId?: string; input?: unknown }): string;
  getStatus(instanceId: string, options?: { showHistory?: boolean }): StatusPayload | null;
  list(): StatusPayload[];
  raiseEvent(instanceId: string, name: string, data: unknown): void;
  terminate(instanceId: string, reason: string): void;
  suspend(instanceId: string, reason: string): void;
  resume(instanceId: string, reason: string): void;
  rewind(instanceId: string, reason: string): void;
  purge(instanceId: string): boolean;
  /** Waits for the end of an instance; `onStatus` hears of each change of it before. */
  waitForCompletion(instanceId: string, onStatus?: (status: StatusPayload) => void): Promise<StatusPayload>;
}

export function createClient(engine: Engine): HostClient {
  const known = (instanceId: string): void => {
    if (engine.get(instanceId) === undefined) throw new Error(`No instance with ID '${instanceId}' found.`);
  };
  const show = (instanceId: string, showHistory = false): StatusPayload | null => {
    const instance = engine.get(instanceId);
    const options = { showInput: true, showHistory, showHistoryOutput: showHistory };
    return instance === undefined ? null : statusPayload(instance, options);
  };
  return {
    startNew(name, { instanceId, input } = {}) {
      const text = input === undefined ? '""' : JSON.stringify(input);
      return engine.start(name, instanceId === undefined ? { input: text } : { instanceId, input: text });
    },
    getStatus: (instanceId, options = {}) => show(instanceId, options.showHistory ?? false),
    list: () =>
      engine
        .all()
        .map((instance) =>
          statusPayload(instance, { showInput: true, showHistory: false, showHistoryOutput: false }),
        ),
    raiseEvent(instanceId, name, data) {
      known(instanceId);
      engine.raiseEvent(instanceId, name, data === undefined ? '""' : JSON.stringify(data));
    },
    terminate(instanceId, reason) {
      known(instanceId);
      engine.terminate(instanceId, reason);
    },
    suspend(instanceId, reason) {
      known(instanceId);
      engine.suspend(instanceId, reason);
    },
    resume(instanceId, reason) {
      known(instanceId);
      engine.resume(instanceId, reason);
    },
    rewind(instanceId, reason) {
      known(instanceId);
      engine.rewind(instanceId, reason);
    },
    purge(instanceId) {
      if (engine.get(instanceId) === undefined) return false;
      engine.purge([instanceId]);
      return true;
    },
    waitForCompletion: (instanceId, onStatus) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const instance = engine.get(instanceId);
          const status = show(instanceId);
          if (instance === undefined || status === null) {
            end();
            reject(new Error(`No instance with ID '${instanceId}' found.`));
          } else {
            onStatus?.(status);
            if (isFinished(instance)) {
              end();
              resolve(status);
            }
          }
        };
        const end = engine.onChange((changed) => {
          if (changed === instanceId) check();
        });
        check();
      }),
  };
}
