import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from "@azure/functions";
import * as df from "durable-functions";
import type { z } from "zod";
import { storageFailure } from "../../lake/failure.ts";
import { describe, isRetryable } from "../../model/errors.ts";
import { problem } from "./problem.ts";

/** A parameter of a request: a part of the path in braces, of the query, or a header. */
export interface Parameter {
  readonly in: "path" | "query" | "header";
  readonly description: string;
  readonly example?: string;
}

export interface RouteBody {
  readonly schema: z.ZodType;
  /** A body that may be left out stands for `{}`. */
  readonly required: boolean;
  readonly examples: Readonly<Record<string, unknown>>;
}

export interface RouteAnswer {
  readonly description: string;
  /** Without one there is no body. */
  readonly schema?: z.ZodType;
  readonly example?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A route of the app: what it is called, what it takes and answers, and what answers it. The host's functions, the OpenAPI
 * document and the documentation are made from, or held against, the list of these.
 */
export interface Route {
  /** Name of the function, and the operation's id. */
  readonly name: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below `/api`, parameters in braces. */
  readonly path: string;
  readonly summary: string;
  readonly parameters?: Readonly<Record<string, Parameter>>;
  readonly body?: RouteBody;
  /** By status. */
  readonly answers: Readonly<Record<number, RouteAnswer>>;
  /** Problems (RFC 9457) that it may answer, by status. */
  readonly problems: Readonly<Record<number, string>>;
  readonly handler: (
    request: HttpRequest,
    context: InvocationContext,
  ) => Promise<HttpResponseInit> | HttpResponseInit;
}

/** Registers routes as functions of the app, each behind a function key. */
export function register(routes: readonly Route[]): void {
  for (const route of routes) {
    app.http(route.name, {
      methods: [route.method],
      route: route.path,
      authLevel: "function",
      extraInputs: [df.input.durableClient()],
      handler: (request, context) => answered(route, request, context),
    });
  }
}

/** What a handler didn't foresee is a problem as well: in one line, without a stack. */
async function answered(
  route: Route,
  request: HttpRequest,
  context: InvocationContext,
): Promise<HttpResponseInit> {
  try {
    return await route.handler(request, context);
  } catch (thrown) {
    const error = storageFailure(thrown);
    context.error(`${route.method} /api/${route.path}: ${describe(error)}`);
    const status = isRetryable(error) ? 503 : 500;
    return problem(status, "The request could not be answered.", describe(error));
  }
}
