import { RestError } from "@azure/storage-blob";
import type { QueueClient } from "@azure/storage-queue";

/** A message that this process has taken, hidden from others while it is held. */
export interface HeldMessage {
  readonly text: string;
  readonly delete: () => Promise<void>;
  /** Lets others have it at once. */
  readonly release: () => Promise<void>;
}

export interface QueueReceiver {
  readonly receive: () => Promise<HeldMessage[]>;
  readonly stop: () => void;
}

const HIDDEN_S = 30;
const RENEW_MS = 10_000;

const gone = (error: unknown): boolean =>
  error instanceof RestError && (error.statusCode === 404 || error.statusCode === 400);

/** Takes messages and keeps them hidden as long as they are held; those of a process that dies come back. */
export function queueReceiver(queue: QueueClient, report: (error: unknown) => void): QueueReceiver {
  const held = new Set<{ renew: () => Promise<void> }>();
  const hold = (text: string, id: string, receipt: string): HeldMessage => {
    let current = receipt;
    // One request at a time: each changes the receipt that the next one must show.
    let last: Promise<void> = Promise.resolve();
    const next = (work: () => Promise<void>): Promise<void> => {
      last = last.then(work, work);
      return last;
    };
    const change = (seconds: number): Promise<void> =>
      next(async () => {
        if (!held.has(entry)) return;
        current = (await queue.updateMessage(id, current, undefined, seconds)).popReceipt ?? current;
      });
    const entry = { renew: () => change(HIDDEN_S) };
    held.add(entry);
    return {
      text,
      delete: () =>
        next(async () => {
          held.delete(entry);
          await queue
            .deleteMessage(id, current)
            .catch((error: unknown) => (gone(error) ? undefined : Promise.reject(error)));
        }),
      release: async () => {
        await change(0).catch((error: unknown) => (gone(error) ? undefined : Promise.reject(error)));
        held.delete(entry);
      },
    };
  };
  const renewal = setInterval(() => {
    for (const entry of held) entry.renew().catch(report);
  }, RENEW_MS);
  renewal.unref();
  return {
    receive: async () => {
      const answer = await queue.receiveMessages({ numberOfMessages: 32, visibilityTimeout: HIDDEN_S });
      return answer.receivedMessageItems.map((item) =>
        hold(item.messageText, item.messageId, item.popReceipt),
      );
    },
    stop: () => clearInterval(renewal),
  };
}
