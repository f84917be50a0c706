import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { z } from "zod";

/** A cluster seen through a proxy that turns answers into failures which come with HTTP 200. */
export interface PartialAnswers {
  readonly url: string;
  /** How many answers were turned so far. */
  readonly turned: () => number;
  readonly stop: () => Promise<void>;
}

const framesSchema = z.array(z.looseObject({ FrameType: z.string() }));

/**
 * Passes requests on to a cluster; of the answers to queries that `chosen` picks, half of the rows are missing, and the last
 * frame says that the query failed after they were sent (`kusto/api/rest/response-v2.md`).
 */
export async function answerPartially(
  cluster: string,
  chosen: (text: string) => boolean,
): Promise<PartialAnswers> {
  let turned = 0;
  const server = createServer(async (request, response) => {
    try {
      const body = await buffer(request);
      const headers = new Headers();
      for (const [name, value] of Object.entries(request.headers)) {
        if (typeof value === "string" && !/^(host|connection|content-length|accept-encoding)$/.test(name))
          headers.set(name, value);
      }
      const answer = await fetch(`${cluster}${request.url ?? ""}`, {
        method: request.method ?? "GET",
        headers,
        ...(request.method === "POST" ? { body } : {}),
      });
      let sent = await answer.text();
      if (answer.ok && request.url === "/v2/rest/query" && chosen(body.toString())) {
        turned += 1;
        sent = withErrors(sent);
      }
      response.writeHead(answer.status, {
        "content-type": answer.headers.get("content-type") ?? "application/json",
      });
      response.end(sent);
    } catch {
      response.destroy();
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    turned: () => turned,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function withErrors(text: string): string {
  const frames = framesSchema.parse(JSON.parse(text));
  const error = {
    code: "LimitsExceeded",
    message: "Request is invalid and cannot be executed.",
    "@type": "Kusto.Data.Exceptions.KustoServicePartialQueryFailureLimitsExceededException",
    "@message": "Query execution lacks memory resources to complete.",
    "@permanent": false,
  };
  return JSON.stringify(
    frames.map((frame) => {
      if (frame.FrameType === "DataSetCompletion")
        return { ...frame, HasErrors: true, OneApiErrors: [{ error }] };
      const { Rows: rows } = frame;
      return frame.TableKind === "PrimaryResult" && Array.isArray(rows)
        ? { ...frame, Rows: rows.slice(0, Math.floor(rows.length / 2)) }
        : frame;
    }),
  );
}
