import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { syntaxErrors } from "../kusto/parser.ts";
import { type BicepFile, declared, infra, literal, nodes, readBicep, resources, valueAt } from "./bicep.ts";
import { AZURE_RIGHTS, COMMAND_RIGHTS } from "./rights.ts";

const root = join(infra, "..");
const deployed = globSync("{functions,orchestrators,activities,kusto,lake,followers,model}/**/*.ts", {
  cwd: root,
});
const codeOf = (folder = "") =>
  deployed
    .filter((file) => file.startsWith(folder))
    .map((file) => readFileSync(join(root, file), "utf8"))
    .join("\n");

/** The commands that the code can send, names and values as …. */
function commands(): string[] {
  const texts = codeOf("kusto/commands/").matchAll(
    /(?:return|=>|\?|:)\s*(?:`((?:\.[a-z])[^`]*)`|"(\.[a-z][^"]*)")/g,
  );
  const heads = [...texts].map((match) =>
    (match[1] ?? match[2] ?? "").replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, "…"),
  );
  return [...new Set(heads)].filter((head) => /^\.[a-z-]+ /.test(head));
}

describe("the rights that infra/ gives", () => {
  let files: BicepFile[];
  const fileOf = (path: string) => {
    const found = files.find((file) => file.path === path);
    if (!found) throw new Error(`infra has no ${path}.`);
    return found;
  };
  beforeAll(async () => {
    files = await readBicep();
  });

  it("are those of Kusto's documentation for each command that the code can send", () => {
    const found = commands();
    expect(found.length).toBeGreaterThan(15);
    const unknown = found.filter((head) => !COMMAND_RIGHTS.some((right) => right.command.test(head)));
    expect(unknown, "Say what they need in test/infra/rights.ts and docs/deploy.md.").toEqual([]);
    const unused = COMMAND_RIGHTS.filter((right) => !found.some((head) => right.command.test(head)));
    expect(unused.map((right) => right.command.source)).toEqual([]);
  });

  it("are told by command in docs/deploy.md and beside the assignments", () => {
    const docs = readFileSync(join(root, "docs", "deploy.md"), "utf8");
    const main = fileOf("main.bicep").text;
    for (const page of new Set(COMMAND_RIGHTS.map((right) => right.page.split("/").at(-1) ?? ""))) {
      expect([page, docs.includes(page)]).toEqual([page, true]);
    }
    for (const name of [
      "move-extents.md",
      "replace-extents.md",
      "show-capacity-command.md",
      "ingest-into-command.md",
    ]) {
      expect([name, main.includes(name)]).toEqual([name, true]);
    }
  });

  it("are Viewer at the source and User with Ingestor at the destination, and more only where asked for", () => {
    const main = fileOf("main.bicep");
    const access = declared(main, "variable").find((each) => each.name === "access");
    const roles = [...(access?.node.text ?? "").matchAll(/role: ([^\n}]+)/g)].map((match) =>
      match[1]?.trim(),
    );
    expect(roles).toEqual([
      "sourceRole",
      "'UnrestrictedViewer'",
      "each.admin ? 'Admin' : 'User'",
      "'Ingestor'",
      "'UnrestrictedViewer'",
    ]);
    const sourceRole = declared(main, "param").find((each) => each.name === "sourceRole");
    expect(sourceRole?.node.text).toMatch(/= 'Viewer'$/);
    // A source that gives no more is never asked for its capacity: the slots are numbers then.
    const settings = declared(main, "variable").find((each) => each.name === "jobSettings");
    for (const name of ["KUSTO_COPY_EXPORT_SLOTS", "KUSTO_COPY_QUERY_SLOTS"]) {
      expect(settings && valueAt(settings.node, name)).toBe("sourceRole == 'Viewer' ? viewerSlots : ''");
    }
    const needed = (at: "source" | "destination") =>
      new Set(COMMAND_RIGHTS.filter((right) => right.at.includes(at)).map((right) => right.needs));
    expect([...needed("source")].toSorted()).toEqual([
      "User",
      "Viewer",
      "more than is given",
      "none is named",
      "who started it",
    ]);
    expect([...needed("destination")].toSorted()).toEqual([
      "Admin of its own tables",
      "Ingestor",
      "User",
      "Viewer",
      "more than is given",
      "none is named",
      "who started it",
    ]);
  });

  it("are, on Azure, those that the code's calls need, each with what needs it, and no other", () => {
    const code = codeOf();
    const assigned = files.flatMap((file) =>
      resources(file)
        .filter((each) => each.type === "Microsoft.Authorization/roleAssignments")
        .map((each) => ({ file, each })),
    );
    expect(assigned.length).toBeGreaterThan(8);
    for (const { each } of assigned) {
      expect([each.file, each.name, /^\/\/ Needed by: /.test(each.before)]).toEqual([
        each.file,
        each.name,
        true,
      ]);
    }
    const roles = files.flatMap((file) =>
      declared(file, "variable")
        .filter((each) =>
          /^[0-9a-f-]{36}$/.test(literal(nodes(each.node).find((node) => node.type === "string"))),
        )
        .map((each) => ({
          role: each.name,
          id: literal(nodes(each.node).find((node) => node.type === "string")),
          module: each.file.replace(/^modules\//, ""),
        })),
    );
    const key = (each: { role: string; id: string; module: string }) =>
      `${each.module} ${each.role} ${each.id}`;
    expect(roles.map(key).toSorted()).toEqual(AZURE_RIGHTS.map(key).toSorted());
    for (const right of AZURE_RIGHTS) {
      if (right.calledBy) expect([right.role, right.calledBy.test(code)]).toEqual([right.role, true]);
      const uses = fileOf(`modules/${right.module}`).text.match(new RegExp(`\\b${right.role}\\b`, "g")) ?? [];
      expect([right.module, right.role, uses.length > 1]).toEqual([right.module, right.role, true]);
    }
  });

  it("let the clusters' own identities do what the code has them do, by a command that Kusto takes", () => {
    const main = fileOf("main.bicep");
    const usages = declared(main, "variable").find((each) => each.name === "identityUsages");
    for (const usage of ["ExportRequest", "NativeIngestion", "ExternalDataRequest"]) {
      expect(usages?.node.text).toContain(usage);
    }
    const policies = declared(main, "module").find((each) => each.name === "identityPolicies");
    const command = literal(
      nodes(policies?.node ?? main.root).find((node) => /^'\.alter-merge/.test(node.text)),
    )
      .replace(/\$\{each\.database\}/, "My database")
      .replace(/\$\{each\.usages\}/, "ExportRequest, NativeIngestion")
      .replaceAll("\\'", "'");
    expect(command).toMatch(/^\.alter-merge database \['My database'\] policy managed_identity ```\[\{/);
    expect(syntaxErrors(command)).toEqual([]);
  });
});
