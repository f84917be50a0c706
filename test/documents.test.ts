import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parseJobs } from "../activities/jobs/declaredJobs.ts";
import { jobDefinitionSchema, readDefinition } from "../activities/jobs/definition.ts";
import { jobsSchema } from "../functions/api/documents.ts";
import { openApi } from "../functions/api/openApi.ts";
import { ROUTES } from "../functions/routes.ts";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const configuration = read("docs/configuration.md");

it.each([
  ["docs/jobs.schema.json", () => jobsSchema()],
  ["docs/openapi.json", () => openApi(ROUTES)],
])("%s is what the app's schemas say (npm run documents)", (path, made) => {
  expect(JSON.parse(read(path))).toEqual(asJson(made()));
});

it("every example of the OpenAPI document is valid", () => {
  let examples = 0;
  for (const route of ROUTES) {
    for (const [name, example] of Object.entries(route.body?.examples ?? {})) {
      const parsed = route.body?.schema.safeParse(example);
      expect([route.name, name, parsed?.error?.message]).toEqual([route.name, name, undefined]);
      examples++;
    }
    for (const [status, { schema, example }] of Object.entries(route.answers)) {
      if (example === undefined) continue;
      const parsed = schema?.safeParse(example);
      expect([route.name, status, parsed?.error?.message]).toEqual([route.name, status, undefined]);
      examples++;
    }
  }
  expect(examples).toBeGreaterThan(15);
});

it("every parameter in a path is described, and no other", () => {
  for (const { name, path, parameters } of ROUTES) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    const described = Object.entries(parameters ?? {}).filter(([, each]) => each.in === "path");
    expect([name, described.map(([each]) => each)]).toEqual([name, inPath]);
  }
});

it("the table of requests in docs/configuration.md has each route, and no other", () => {
  const rows = configuration
    .split("\n")
    .flatMap((line) => /^\| `([A-Z]+ \/api\/\S+)` \|/.exec(line)?.[1] ?? []);
  expect(rows.toSorted()).toEqual(ROUTES.map(({ method, path }) => `${method} /api/${path}`).toSorted());
});

it("the table of a job's fields in docs/configuration.md has each field, and no other", () => {
  const table = /\| field of a job \|[\s\S]*?\n\n/.exec(configuration)?.[0] ?? "";
  const rows = table.split("\n").flatMap((line) => /^\| `(\w+)` \|/.exec(line)?.[1] ?? []);
  expect(rows.toSorted()).toEqual(Object.keys(jobDefinitionSchema.shape).toSorted());
});

it("the examples of docs/configuration.md can be used", () => {
  const yaml = /```yaml\n([\s\S]*?)```/.exec(configuration)?.[1] ?? "";
  const { jobs, problems } = parseJobs(yaml, "jobs.yaml");
  expect(problems).toEqual([]);
  expect(jobs.map((each) => ("problems" in each ? each : each.name))).toEqual(["storms", "logs"]);
  const body = /```json\n([\s\S]*?)```/.exec(configuration)?.[1] ?? "";
  expect(readDefinition(JSON.parse(body))).toMatchObject({ ok: true });
});
