import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import {
  attachRequestSchema,
  principalsKindSchema,
  sharingSchema,
} from "../../model/followers/attachment.ts";
import { type BicepFile, declared, infra, readBicep, resources } from "./bicep.ts";

const parameterSchema = z.object({
  type: z.string(),
  allowedValues: z.array(z.string()).optional(),
  metadata: z.object({ description: z.string() }),
});
const templateSchema = z.object({
  parameters: z.record(z.string(), parameterSchema),
  resources: z.tuple([
    z.object({
      properties: z.object({
        expressionEvaluationOptions: z.object({ scope: z.literal("inner") }),
        parameters: z.record(z.string(), z.object({ value: z.string() })),
        template: z.object({
          parameters: z.record(z.string(), z.object({ type: z.string() })),
          resources: z.tuple([
            z.object({
              type: z.string(),
              apiVersion: z.string(),
              name: z.string(),
              location: z.string(),
              copy: z.object({ count: z.string(), batchSize: z.literal(1) }),
              properties: z.record(z.string(), z.string()),
            }),
          ]),
        }),
      }),
    }),
  ]),
});

const FIELDS = Object.keys(attachRequestSchema.shape).toSorted();

describe("attaching by Bicep and by an ARM template", () => {
  let files: BicepFile[];
  const template = templateSchema.parse(JSON.parse(readFileSync(join(infra, "followers.json"), "utf8")));
  const fileOf = (path: string) => {
    const found = files.find((file) => file.path === path);
    if (!found) throw new Error(`infra has no ${path}.`);
    return found;
  };
  beforeAll(async () => {
    files = await readBicep();
  });

  it("takes the fields of POST /api/followers, described, in both", () => {
    expect(
      declared(fileOf("followers.bicep"), "param")
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(FIELDS);
    expect(Object.keys(template.parameters).toSorted()).toEqual(FIELDS);
    const bicep = fileOf("followers.bicep").text;
    for (const { metadata } of Object.values(template.parameters))
      expect(bicep.replaceAll("\\'", "'")).toContain(metadata.description);
    expect(template.parameters.principals?.allowedValues?.toSorted()).toEqual(
      principalsKindSchema.options.toSorted(),
    );
    const type = /type attachment = \{([\s\S]*?)\n\}/.exec(fileOf("types.bicep").text)?.[1] ?? "";
    expect([...type.matchAll(/^ {2}(\w+):/gm)].map((match) => match[1]).toSorted()).toEqual(FIELDS);
    const sharing = /type tableSharing = \{([\s\S]*?)\n\}/.exec(fileOf("types.bicep").text)?.[1] ?? "";
    expect([...sharing.matchAll(/^ {2}(\w+):/gm)].map((match) => match[1]).toSorted()).toEqual(
      Object.keys(sharingSchema.shape).toSorted(),
    );
  });

  it("makes the same resource in both, one after the other, in the follower's region", () => {
    const [deployment] = template.resources;
    const { template: inner, parameters } = deployment.properties;
    const [resource] = inner.resources;
    const module = fileOf("modules/followers.bicep");
    const [own] = resources(module).filter((each) => !each.existing);
    expect(`${resource.type}@${resource.apiVersion}`).toBe(`${own?.type}@${own?.version}`);
    for (const name of Object.keys(resource.properties))
      expect(own?.node.text).toMatch(new RegExp(`^ +${name}: `, "m"));
    expect(module.text).toMatch(/@batchSize\(1\)\nresource attached/);
    expect(resource.location).toBe("[parameters('location')]");
    expect(parameters.location?.value).toMatch(
      /^\[reference\(parameters\('follower'\), '[\d-]+', 'Full'\)\.location\]$/,
    );
    // A name that both make of the same, so that either finds what the other attached.
    expect(own?.node.text).toMatch(
      /take\('kusto-copy-\$\{uniqueString\(leaderClusterId, database\)\}', 64\)/,
    );
    expect(resource.name).toContain(
      "take(concat('kusto-copy-', uniqueString(parameters('leader'), parameters('databases')[copyIndex()])), 64)",
    );
  });

  it("names no parameter that there isn't", () => {
    const [deployment] = template.resources;
    const { template: inner, parameters } = deployment.properties;
    expect(Object.keys(parameters).toSorted()).toEqual(Object.keys(inner.parameters).toSorted());
    const used = (text: string) =>
      [...text.matchAll(/parameters\('(\w+)'\)/g)].map((match) => match[1] ?? "");
    const innerText = JSON.stringify(inner.resources);
    expect(new Set(used(innerText))).toEqual(new Set(Object.keys(inner.parameters)));
    const outer = used(JSON.stringify(parameters));
    expect(new Set(outer)).toEqual(new Set(Object.keys(template.parameters)));
  });
});
