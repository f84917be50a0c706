import { appendFile, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSyntaxMemory } from "../../../../local/kusto/commands/syntaxMemory.ts";

const newFolder = () => mkdtemp(join(tmpdir(), "kusto-copy-syntax-"));

describe("what the parser said of a command", () => {
  it("is known to the next process, a refusal as a refusal, and what was never asked is not", async () => {
    const folder = await newFolder();
    const first = openSyntaxMemory(1, folder);
    expect(first.recall(".show tables")).toBeUndefined();
    first.keep(".show tables", null);
    first.keep(".shaw tables", "Syntax error: KS143");
    const second = openSyntaxMemory(1, folder);
    expect(second.recall(".show tables")).toBeNull();
    expect(second.recall(".shaw tables")).toBe("Syntax error: KS143");
    expect(second.recall(".drop table ['x']")).toBeUndefined();
  });

  it("is asked again once it is asked for in another way", async () => {
    const folder = await newFolder();
    openSyntaxMemory(1, folder).keep(".show tables", "Syntax error: KS143");
    expect(openSyntaxMemory(2, folder).recall(".show tables")).toBeUndefined();
    expect(openSyntaxMemory(1, folder).recall(".show tables")).toBe("Syntax error: KS143");
  });

  it("is asked again where its line was cut off", async () => {
    const folder = await newFolder();
    openSyntaxMemory(1, folder).keep(".show tables", null);
    const [file = ""] = await readdir(folder);
    await appendFile(join(folder, file), '{"shape": ".show operations", "err');
    const next = openSyntaxMemory(1, folder);
    expect(next.recall(".show tables")).toBeNull();
    expect(next.recall(".show operations")).toBeUndefined();
  });

  it("is kept by the process alone where nothing can be written", async () => {
    const file = join(await newFolder(), "a file");
    await writeFile(file, "");
    const memory = openSyntaxMemory(1, file);
    memory.keep(".show tables", null);
    expect(memory.recall(".show tables")).toBeNull();
    expect(openSyntaxMemory(1, file).recall(".show tables")).toBeUndefined();
  });
});
