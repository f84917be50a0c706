import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { lagLine } from "../../model/lag.ts";
import { STAGED_FOLDER } from "../../model/naming.ts";
import { HOST_SETTING_NAMES, SETTING_NAMES } from "../../model/settings.ts";
import { syntaxErrors } from "../kusto/parser.ts";
import {
  type BicepFile,
  declared,
  infra,
  literal,
  nodes,
  properties,
  readBicep,
  resources,
  unread,
  valueAt,
} from "./bicep.ts";

const root = join(infra, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** How long a resource's name may be (Azure's rules for resource names); `uniqueString` has 13 characters. */
const NAME_LIMITS: Readonly<Record<string, number>> = {
  app: 60,
  plan: 60,
  hostStorage: 24,
  lake: 24,
  identity: 128,
  insights: 260,
  workspace: 63,
  topic: 50,
  scheduler: 64,
  network: 64,
  trialCluster: 22,
};

describe("infra/", () => {
  let files: BicepFile[];
  let main: BicepFile;
  const fileOf = (path: string) => {
    const found = files.find((file) => file.path === path);
    if (!found) throw new Error(`infra has no ${path}.`);
    return found;
  };
  const variable = (name: string) => {
    const found = declared(main, "variable").find((each) => each.name === name);
    if (!found) throw new Error(`main.bicep has no variable ${name}.`);
    return found.node;
  };
  const ofType = (type: string) =>
    files.flatMap((file) => resources(file)).filter((each) => each.type === type && !each.existing);

  beforeAll(async () => {
    files = await readBicep();
    main = fileOf("main.bicep");
  });

  it("is read whole by the grammar", () => {
    expect(files.length).toBeGreaterThan(15);
    expect(files.flatMap(unread)).toEqual([]);
  });

  it("sets each app setting that there is, and no other", () => {
    expect([...properties(variable("jobSettings")).keys()].toSorted()).toEqual(
      [...SETTING_NAMES, ...HOST_SETTING_NAMES].toSorted(),
    );
    const code = globSync("{functions,orchestrators,activities,kusto,lake,followers,model}/**/*.ts", {
      cwd: root,
    })
      .map(read)
      .join("\n");
    const asked = [...code.matchAll(/process\.env\.(\w+)/g)].flatMap((match) => match[1] ?? []);
    const set = new Set([
      ...properties(variable("jobSettings")).keys(),
      ...properties(variable("platformSettings")).keys(),
    ]);
    expect(asked.filter((name) => !set.has(name))).toEqual([]);
    // And what host.json takes from settings.
    const named = [...read("host.json").matchAll(/%(\w+)%/g)].flatMap((match) => match[1] ?? []);
    expect(named.filter((name) => !set.has(name))).toEqual([]);
    expect(named.filter((name) => !read("local.settings.sample.json").includes(`"${name}"`))).toEqual([]);
  });

  it("logs in with the identity it makes, everywhere", () => {
    const settings = properties(variable("platformSettings"));
    expect(settings.get("AzureWebJobsStorage__credential")?.text).toBe("'managedidentity'");
    for (const name of ["AZURE_CLIENT_ID", "AzureWebJobsStorage__clientId"]) {
      expect(settings.get(name)?.text).toBe("identity.outputs.clientId");
    }
    expect(settings.get("APPLICATIONINSIGHTS_AUTHENTICATION_STRING")?.text).toContain("Authorization=AAD");
  });

  it("has no key: none can be used, none is asked for, none is given out", () => {
    for (const account of ofType("Microsoft.Storage/storageAccounts")) {
      expect(valueAt(account.node, "properties", "allowSharedKeyAccess")).toBe("false");
      expect(valueAt(account.node, "properties", "allowBlobPublicAccess")).toBe("false");
    }
    for (const topic of ofType("Microsoft.EventGrid/topics"))
      expect(valueAt(topic.node, "properties", "disableLocalAuth")).toBe("true");
    for (const insights of ofType("Microsoft.Insights/components"))
      expect(valueAt(insights.node, "properties", "DisableLocalAuth")).toBe("true");
    for (const allowed of ofType("basicPublishingCredentialsPolicies"))
      expect(valueAt(allowed.node, "properties", "allow")).toBe("false");
    expect(ofType("basicPublishingCredentialsPolicies")).toHaveLength(4);
    for (const file of files) {
      expect([file.path, file.text.match(/\blist[A-Z]\w*\(|AccountKey|SharedAccessKey/g)]).toEqual([
        file.path,
        null,
      ]);
      for (const output of declared(file, "output")) {
        expect(`${output.name} ${output.node.text}`).not.toMatch(
          /connectionString|instrumentationKey|listKeys|password|secret|\bkeys?\b/i,
        );
      }
    }
    const settings = [...properties(variable("jobSettings")), ...properties(variable("platformSettings"))];
    for (const [name, value] of settings) {
      if (/KEY$|SECRET|PASSWORD/.test(name)) expect([name, value.text]).toEqual([name, "''"]);
    }
  });

  it("describes each parameter and output", () => {
    const bare = files
      .filter((file) => !file.path.endsWith(".bicepparam"))
      .flatMap((file) => [...declared(file, "param"), ...declared(file, "output")])
      .filter((each) => !/@description\('.{3,}'\)/s.test(each.before));
    expect(bare.map((each) => `${each.file} ${each.name}`)).toEqual([]);
  });

  it("compiles with no network: its modules are its own, and one API version is used for each type", () => {
    for (const file of files) {
      for (const each of declared(file, "module")) {
        const path = literal(each.node.namedChildren.find((child) => child?.type === "string"));
        expect(files.map((other) => other.path)).toContain(path);
      }
    }
    const versions = new Map<string, Set<string>>();
    for (const each of files.flatMap(resources)) {
      if (each.version === "") continue;
      versions.set(each.type, (versions.get(each.type) ?? new Set()).add(each.version));
    }
    expect([...versions].filter(([, found]) => found.size > 1).map(([type]) => type)).toEqual([]);
    expect(
      [...versions.values()].flatMap((found) => [...found]).filter((each) => /preview/.test(each)),
    ).toEqual([]);
  });

  it("uses every module and every parameter of a module", () => {
    const called = new Set<string>();
    for (const each of declared(main, "module")) {
      const path = literal(each.node.namedChildren.find((child) => child?.type === "string"));
      called.add(path);
      const given = [
        ...(properties(each.node).get("params")
          ? properties(properties(each.node).get("params") ?? each.node).keys()
          : []),
      ];
      const taken = declared(fileOf(path), "param").map((param) => param.name);
      expect([path, given.filter((name) => !taken.includes(name))]).toEqual([path, []]);
    }
    const modules = files.map((file) => file.path).filter((path) => path.startsWith("modules/"));
    expect(modules.filter((path) => !called.has(path))).toEqual([]);
  });

  it("has names within their limits, and the same ones at the next deployment", () => {
    const names = properties(variable("names"));
    expect([...names.keys()].toSorted()).toEqual(Object.keys(NAME_LIMITS).toSorted());
    for (const [kind, node] of names) {
      const name = literal(node).replace(/\$\{token\}/, "x".repeat(13));
      expect([kind, name.length <= (NAME_LIMITS[kind] ?? 0), /^[a-z][a-z0-9-]*$/.test(name)]).toEqual([
        kind,
        true,
        true,
      ]);
      if (/storage|lake|Cluster/i.test(kind)) expect(name).toMatch(/^[a-z0-9]+$/);
    }
    for (const file of files)
      expect([file.path, file.text.match(/utcNow\(|newGuid\(/g)]).toEqual([file.path, null]);
  });

  it("runs the Node that the app is tested on, and a task hub that is this version's", () => {
    const manifest = z
      .object({ version: z.string(), devDependencies: z.looseObject({ node: z.string() }) })
      .parse(JSON.parse(read("package.json")));
    const param = (name: string) =>
      declared(main, "param").find((each) => each.name === name)?.node.text ?? "";
    expect(param("nodeVersion")).toContain(`= '${manifest.devDependencies.node.split(".")[0]}'`);
    expect(param("taskHub")).toContain("loadJsonContent('../package.json', 'version')");
    expect(`KustoCopy${manifest.version.replaceAll(".", "x")}`).toMatch(/^[A-Za-z][A-Za-z0-9]{2,44}$/);
  });

  it("deletes staged files by age, and never the log", () => {
    const lake = fileOf("modules/lake.bicep");
    const prefixes = [...lake.text.matchAll(/prefixMatch: (.+)/g)].map((match) => match[1]);
    expect(prefixes).toEqual([
      ["map(folders, folder => '$", "{containerName}/$", `{folder}/${STAGED_FOLDER}/')`].join(""),
    ]);
  });

  it("asks its telemetry in Kusto's language", () => {
    const workbook = z
      .object({ items: z.array(z.object({ content: z.looseObject({ query: z.string().optional() }) })) })
      .parse(JSON.parse(read("infra/modules/watch/workbook.json")));
    const queries = [
      ...workbook.items.flatMap((item) => item.content.query ?? []),
      ...globSync("modules/watch/*.kql", { cwd: infra }).map((file) =>
        readFileSync(join(infra, file), "utf8"),
      ),
    ];
    expect(queries.length).toBeGreaterThan(6);
    for (const query of queries) expect([query, syntaxErrors(query)]).toEqual([query, []]);
    for (const file of globSync("modules/watch/*.kql", { cwd: infra })) {
      expect(fileOf("modules/watch/alerts.bicep").text).toContain(file.split(/[\\/]/).at(-1));
    }
  });

  it("reads lag from the line that the timer writes", () => {
    const pieces = (text: string) =>
      [...(/parse message with ([^|\n]+)/.exec(text)?.[1] ?? "").matchAll(/"([^"]*)"/g)].map(
        (match) => match[1] ?? "",
      );
    const found = pieces(readFileSync(join(infra, "modules/watch/lagOverRpo.kql"), "utf8"));
    expect(lagLine("my-job", 61.4, 300_000)).toBe(`${found[0]}my-job${found[1]}61${found[2]}300${found[3]}`);
    const workbook = read("infra/modules/watch/workbook.json").replaceAll('\\"', '"').replaceAll("\\n", "\n");
    expect(pieces(workbook)).toEqual(found);
  });

  it("has samples whose parameters there are", () => {
    const known = declared(main, "param").map((each) => each.name);
    const samples = files.filter((file) => file.path.endsWith(".bicepparam"));
    expect(samples.map((file) => file.path)).toEqual(
      expect.arrayContaining([
        "samples/oneJob.bicepparam",
        "samples/manyJobs.bicepparam",
        "samples/followers.bicepparam",
      ]),
    );
    for (const sample of samples) {
      const given = [...sample.text.matchAll(/^param (\w+) =/gm)].flatMap((match) => match[1] ?? []);
      expect([sample.path, given.filter((name) => !known.includes(name))]).toEqual([sample.path, []]);
      expect(nodes(sample.root).length).toBeGreaterThan(5);
    }
  });
});
