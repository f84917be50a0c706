import { z } from "zod";
import { jobDefinitionSchema } from "../../activities/jobs/definition.ts";
import { jobsFileSchemaOf } from "../../model/jobsFile.ts";
import { openApi } from "./openApi.ts";
import type { Route } from "./route.ts";

/** The JSON Schema of a file of jobs, for editors: `# yaml-language-server: $schema=<its address>`. */
export function jobsSchema(): object {
  return z.toJSONSchema(jobsFileSchemaOf(jobDefinitionSchema), { io: "input", unrepresentable: "any" });
}

const documentSchema = z.looseObject({});

/** The routes that describe the others. */
export function documentRoutes(described: readonly Route[]): Route[] {
  const jobsSchemaRoute: Route = {
    name: "getJobsSchema",
    method: "GET",
    path: "schemas/jobs.json",
    summary: "The JSON Schema of jobs.yaml, for editors",
    answers: {
      200: {
        description: "A JSON Schema",
        schema: documentSchema,
        example: { $schema: "https://json-schema.org/draft/2020-12/schema" },
      },
    },
    problems: {},
    handler: () => ({ jsonBody: jobsSchema() }),
  };
  const openApiRoute: Route = {
    name: "getOpenApi",
    method: "GET",
    path: "openapi.json",
    summary: "The OpenAPI document of this API",
    answers: {
      200: { description: "An OpenAPI document", schema: documentSchema, example: { openapi: "3.1.0" } },
    },
    problems: {},
    handler: () => ({ jsonBody: openApi(all) }),
  };
  const documents = [jobsSchemaRoute, openApiRoute];
  const all = [...described, ...documents];
  return documents;
}
