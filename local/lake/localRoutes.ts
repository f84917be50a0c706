import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { type Faults, faultSchema } from "./faults.ts";

/** Whether a request is one to the lake itself, and not to what lies in it. */
export function isLocal(message: IncomingMessage): boolean {
  return (message.url ?? "").startsWith("/local/");
}

/** What tests and trials ask of the lake itself: its faults. */
export async function answerLocal(
  faults: Faults,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const send = (status: number, body: unknown): void => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  const asked = `${message.method} ${message.url}`;
  const body = await text(message);
  switch (asked) {
    case "GET /local/faults":
      break;
    case "POST /local/faults":
      try {
        faults.add(faultSchema.parse(JSON.parse(body)));
      } catch (error) {
        if (!(error instanceof z.ZodError) && !(error instanceof SyntaxError)) throw error;
        send(400, { error: error.message });
        return;
      }
      break;
    case "DELETE /local/faults":
      faults.clear();
      break;
    default:
      send(404, { error: `${asked} isn't a request that the local data lake knows.` });
      return;
  }
  send(200, faults.list());
}
