import { z } from "zod";
import { tokenCredential } from "../../kusto/credentials.ts";
import { describe } from "../../model/errors.ts";
import { BadUse } from "../output/badUse.ts";
import type { Given } from "../program/given.ts";

/** A deployed app, by its HTTP API. */
export interface AppClient {
  readonly origin: string;
  readonly get: <T>(path: string, answer: z.ZodType<T>) => Promise<T>;
  readonly post: <T>(path: string, body: object, answer: z.ZodType<T>) => Promise<T>;
  readonly send: <T>(method: string, path: string, body: object, answer: z.ZodType<T>) => Promise<T>;
}

/** What the app refused, by its status. */
export class AppRefusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = "AppRefusal";
    this.status = status;
  }
}

/** RFC 9457, as the app writes it. */
const problemSchema = z.object({
  title: z.string().optional(),
  detail: z.string().optional(),
  id: z.string().optional(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
});

const KEY_VARIABLE = "KUSTO_COPY_APP_KEY";

/**
 * The client of the app that a call names: with a function key, or with a token of the process's own identity where it
 * has none. Throws BadUse for an address that a key may not be sent to.
 */
export function appClient(given: Given): AppClient {
  const url = addressOf(given.app ?? "");
  const key = given.key ?? process.env[KEY_VARIABLE];
  const headers = async (): Promise<Record<string, string>> => {
    if (key) return { "x-functions-key": key };
    // A host on this machine has no login in front of it.
    if (url.protocol === "http:") return {};
    const scope = given.appScope ?? `api://${url.hostname}/.default`;
    try {
      const token = await tokenCredential({ kind: "default" }, url.hostname).getToken(scope);
      return token === null ? {} : { authorization: `Bearer ${token.token}` };
    } catch (error) {
      throw new Error(
        `No key was given, and no token for ${scope} could be had: ${describe(error)} Give --key (or ${KEY_VARIABLE}), or the scope of the app's registration by --app-scope.`,
      );
    }
  };
  const send = async <T>(
    method: string,
    path: string,
    body: object | null,
    answer: z.ZodType<T>,
  ): Promise<T> => {
    const init = body === null ? {} : { body: JSON.stringify(body) };
    const type: Record<string, string> = body === null ? {} : { "content-type": "application/json" };
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${url.origin}/api/${path}`, {
        method,
        headers: { ...(await headers()), ...type },
        // A redirect would take the key to wherever it points.
        redirect: "manual",
        ...init,
      });
      text = await response.text();
    } catch (error) {
      if (error instanceof TypeError) throw new Error(`${url.origin} can't be reached: ${causeOf(error)}.`);
      throw error;
    }
    if (!response.ok) throw refusal(url.origin, method, path, response.status, text);
    const parsed = answer.safeParse(parsedJson(text));
    if (parsed.success) return parsed.data;
    throw new Error(
      `${url.origin} answered ${method} /api/${path} with something else than was expected: is it Kusto Copy, of this version?`,
    );
  };
  return {
    origin: url.origin,
    get: (path, answer) => send("GET", path, null, answer),
    post: (path, body, answer) => send("POST", path, body, answer),
    send,
  };
}

function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:"))
    throw new BadUse("--app: give the app's address, as https://<app>.azurewebsites.net.");
  if (url.username !== "" || url.password !== "" || url.search !== "")
    throw new BadUse("--app: give the address alone; the key goes into --key or KUSTO_COPY_APP_KEY.");
  if (url.protocol === "http:" && !/^(127\.0\.0\.1|localhost|\[::1\])$/.test(url.hostname))
    throw new BadUse("--app: the app must be reached by https.");
  return url;
}

function refusal(origin: string, method: string, path: string, status: number, text: string): AppRefusal {
  if (status >= 300 && status < 400)
    return new AppRefusal(
      status,
      `${origin} answered ${method} /api/${path} by a redirect (${status}), which is not followed, as the login would go with it. Give the address that the app itself has; where a login page is in front of it, give --app-scope for a token that it takes.`,
    );
  if (status === 401 || status === 403)
    return new AppRefusal(
      status,
      `${origin} refused the login (${status}). Give a function key by --key or ${KEY_VARIABLE}: az functionapp keys list shows it.`,
    );
  const problem = problemSchema.safeParse(parsedJson(text));
  const { title, detail, errors } = problem.success ? problem.data : {};
  const fields = (errors ?? []).map((each) => `${each.pointer}: ${each.detail}`).join(" ");
  const said = [title, fields === "" ? detail : fields].filter(Boolean).join(" ");
  return new AppRefusal(
    status,
    said === ""
      ? `${origin} answered ${method} /api/${path} with ${status}: is it Kusto Copy, of this version?`
      : said,
  );
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function causeOf(error: TypeError): string {
  const { cause } = error;
  return cause instanceof Error ? describe(cause) : describe(error);
}
