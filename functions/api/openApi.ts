import { z } from "zod";
import type { Parameter, Route, RouteAnswer } from "./route.ts";
import { problemSchema } from "./views.ts";

/** The OpenAPI document (3.1) of routes. Schemas that have an id are told once, as components. */
export function openApi(routes: readonly Route[]): object {
  const schemas = new Schemas();
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = `/api/${route.path}`;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route, schemas) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Kusto Copy",
      version: "1",
      description: "Exact, restartable copies of tables between Kusto databases",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [
      {
        url: "https://{app}.azurewebsites.net",
        variables: { app: { default: "app", description: "Function app" } },
      },
    ],
    security: [{ keyHeader: [] }, { keyQuery: [] }],
    paths,
    components: {
      schemas: schemas.all(),
      securitySchemes: {
        keyHeader: { type: "apiKey", in: "header", name: "x-functions-key", description: "A function key" },
        keyQuery: { type: "apiKey", in: "query", name: "code", description: "A function key" },
      },
    },
  };
}

function operation(route: Route, schemas: Schemas): object {
  const parameters = Object.entries(route.parameters ?? {}).map(([name, each]) => parameter(name, each));
  const answers = Object.entries(route.answers).map(
    ([status, each]) => [status, answer(each, schemas)] as const,
  );
  const problems = { ...route.problems, 401: "The function key is missing or wrong" };
  const refusals = Object.entries(problems).map(([status, description]) => [
    status,
    // The host answers the missing key, without a body.
    status === "401"
      ? { description }
      : { description, content: { "application/problem+json": { schema: schemas.of(problemSchema) } } },
  ]);
  return {
    operationId: route.name,
    summary: route.summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: route.body.required,
            content: {
              "application/json": {
                schema: schemas.of(route.body.schema),
                examples: Object.fromEntries(
                  Object.entries(route.body.examples).map(([name, value]) => [name, { value }]),
                ),
              },
            },
          },
        }),
    responses: Object.fromEntries([...answers, ...refusals]),
  };
}

function parameter(name: string, { in: place, description, example }: Parameter): object {
  return {
    name,
    in: place,
    required: place === "path",
    description,
    schema: { type: "string" },
    ...(example === undefined ? {} : { example }),
  };
}

function answer({ description, schema, example, headers }: RouteAnswer, schemas: Schemas): object {
  return {
    description,
    ...(headers === undefined
      ? {}
      : {
          headers: Object.fromEntries(
            Object.entries(headers).map(([name, text]) => [
              name,
              { description: text, schema: { type: "string" } },
            ]),
          ),
        }),
    ...(schema === undefined
      ? {}
      : {
          content: {
            "application/json": {
              schema: schemas.of(schema),
              ...(example === undefined ? {} : { example }),
            },
          },
        }),
  };
}

/** JSON Schemas of the routes' zod schemas, those with an id as references to components. */
class Schemas {
  readonly #components = new Map<string, unknown>();

  of(schema: z.ZodType): object {
    const made = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
    const { $schema: _, $defs, ...own } = withReferences(made);
    for (const [id, each] of Object.entries($defs ?? {})) this.#components.set(id, withoutId(each));
    return own;
  }

  all(): Record<string, unknown> {
    return Object.fromEntries([...this.#components].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
}

const partsSchema = z.looseObject({
  $schema: z.string(),
  $defs: z.record(z.string(), z.looseObject({})).optional(),
});

/** With definitions where OpenAPI has them. */
function withReferences(schema: object): z.infer<typeof partsSchema> {
  const text = JSON.stringify(schema).replaceAll('"$ref":"#/$defs/', '"$ref":"#/components/schemas/');
  return partsSchema.parse(JSON.parse(text));
}

/** The id is the component's name, and no keyword of JSON Schema. */
function withoutId({ id: _, ...schema }: Record<string, unknown>): object {
  return schema;
}
