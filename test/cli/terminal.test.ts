import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { addFault, clearFaults, createIdTable, idsOf, loadIds, until, wholeRanges } from "../copy/drive.ts";
import { type CopyStack, cursorsGiven, startCopyStack } from "../copy/support.ts";
import { command } from "./command.ts";
import { CTRL_C, openTerminal } from "./terminal.ts";

const DESTINATIONS = ["Live", "Stopped", "Killed", "Asked"];
const TABLES = 12;
const DAYS = 4;

describe("the command in a terminal", { timeout: 120_000 }, () => {
  let copies: CopyStack;

  beforeAll(async () => {
    copies = await startCopyStack({ host: false, destinationDatabases: DESTINATIONS });
    const { sourceKusto } = copies.stack.urls;
    for (let t = 0; t < TABLES; t++) {
      const table = `Events${String(t).padStart(2, "0")}`;
      await createIdTable(copies.source, "Samples", table);
      const days = t === 0 ? DAYS : 1;
      for (let day = 0; day < days; day++) {
        const at = `2026-03-0${day + 1}T12:00:00Z`;
        await loadIds(sourceKusto, "Samples", table, [day * 10, day * 10 + 10], {
          ingestedAt: at,
          createdOn: at,
        });
      }
    }
    await cursorsGiven();
  });
  afterAll(() => copies.stop());

  function whole(into: string, ...more: string[]): string[] {
    const { sourceKusto, destinationKusto, lake } = copies.stack.urls;
    const ends = ["-s", sourceKusto, "-d", destinationKusto, "--db", "Samples", "--destination-db", into];
    const where = ["-l", `${lake}/copy/${into};${storageAccount.key}`];
    return [...where, ...ends, "--query-slots", "4", "--export-slots", "4", "--poll", "100ms", ...more];
  }
  const delayExports = (afterMs: number) =>
    addFault(copies.stack.urls.sourceKusto, {
      match: { kind: "operation", text: "^\\.export" },
      action: "delay",
      afterMs,
      times: 1000,
    });
  const held = (into: string) => idsOf(copies.destination, into, "Events00");
  const ALL = wholeRanges([0, DAYS * 10]);

  it("shows a bar and the tables that fit, at any size, and a summary at the end", async () => {
    await delayExports(1500);
    const screen = openTerminal(whole("Live"), { columns: 110, rows: 10 });
    await screen.until("no bar came", (text) => /\d+\/15 windows/.test(text) && text.includes("more tables"));
    // Nine lines at most: the cursor has the tenth.
    const display = () => screen.lines().filter((line) => /Events|more table|windows {2}/.test(line));
    expect(display().length).toBeLessThanOrEqual(9);
    expect(screen.text()).toMatch(/Events00 .* of 4 /);
    screen.resize(60, 10);
    await screen.until("it wasn't drawn anew", (text) => /of 15|\/15 windows/.test(text));
    screen.resize(90, 30);
    await screen.until("the tables that fit now didn't come", (text) => text.includes("Events11"));
    // One display, wherever it was drawn before.
    expect(screen.lines().filter((line) => /\/15 windows/.test(line))).toHaveLength(1);
    expect(screen.lines().filter((line) => /^ {2}Events11 /.test(line))).toHaveLength(1);
    await clearFaults(copies.stack.urls.sourceKusto);
    expect(await screen.exited).toBe(0);
    expect(screen.text()).toContain("Done after");
    expect(screen.text()).toMatch(/150 rows of 12 tables copied/);
    expect(screen.text()).not.toContain("more tables");
    // Colours are there, and the cursor is given back.
    expect(screen.raw()).toContain("\u001b[32m");
    expect(screen.raw().lastIndexOf("\u001b[?25h")).toBeGreaterThan(screen.raw().lastIndexOf("\u001b[?25l"));
    expect(await held("Live")).toEqual(ALL);
  });

  it("Ctrl-C stops cleanly and says how to go on; the same command goes on", async () => {
    await delayExports(4000);
    const screen = openTerminal(whole("Stopped", "--tables-include", "Events00"), { env: { NO_COLOR: "1" } });
    await screen.until("no bar came", (text) => text.includes("/4 windows"));
    screen.type(CTRL_C);
    await screen.until("it didn't say so", (text) => text.includes("Stopping"), 5000);
    expect(await screen.exited).toBe(130);
    expect(screen.text()).toContain("Run the same command again to go on");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with it
    expect(screen.raw()).not.toMatch(/\u001b\[\d+m/);
    await clearFaults(copies.stack.urls.sourceKusto);
    expect((await command(whole("Stopped", "--tables-include", "Events00"))).code).toBe(0);
    expect(await held("Stopped")).toEqual(ALL);
  });

  it("a second Ctrl-C ends it at once, and the same command goes on without waiting", async () => {
    await delayExports(20_000);
    const screen = openTerminal(whole("Killed", "--tables-include", "Events00"));
    await screen.until("no bar came", (text) => text.includes("/4 windows"));
    screen.type(CTRL_C);
    screen.type(CTRL_C);
    expect(await screen.exited).toBe(130);
    expect(screen.text()).toContain("Run the same command again to go on");
    await clearFaults(copies.stack.urls.sourceKusto);
    expect((await command(whole("Killed", "--tables-include", "Events00"))).code).toBe(0);
    expect(await held("Killed")).toEqual(ALL);
  });

  it("asks before a resynchronisation and a cancellation: no is no, and yes does it", async () => {
    const options = whole("Asked", "--tables-include", "Events01");
    expect((await command(options)).code).toBe(0);
    const lake = options.slice(0, 2);
    const no = openTerminal(["resync", ...lake, "--tables", "Events01"], { columns: 160 });
    await no.until("it didn't ask", (text) => text.includes("[y/N]"));
    no.type("n\r");
    expect(await no.exited).toBe(130);
    expect(no.text()).toContain("Nothing was asked for.");

    const interrupted = openTerminal(["cancel", ...lake], { columns: 160 });
    await interrupted.until("it didn't ask", (text) => text.includes("[y/N]"));
    interrupted.type(CTRL_C);
    expect(await interrupted.exited).toBe(130);

    const yes = openTerminal(["resync", ...lake, "--tables", "Events*"], { columns: 160 });
    await yes.until("it didn't ask", (text) => text.includes("[y/N]"));
    yes.type("y\r");
    expect(await yes.exited).toBe(0);
    expect(yes.text()).toMatch(/10 rows of 1 table copied/);
    expect(await idsOf(copies.destination, "Asked", "Events01")).toEqual(wholeRanges([0, 10]));
  });

  it("--watch shows the status until Ctrl-C", async () => {
    await until("nothing was copied", async () => (await held("Live")).rows > 0);
    const screen = openTerminal(["status", ...whole("Live").slice(0, 2), "--watch"]);
    await screen.until("no status came", (text) => text.includes("up to date"));
    screen.type(CTRL_C);
    expect(await screen.exited).toBe(0);
  });
});
