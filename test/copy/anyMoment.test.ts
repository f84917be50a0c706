import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, it } from "vitest";
import { z } from "zod";
import { readExtents } from "../../kusto/reads.ts";
import { readControl } from "../../lake/control.ts";
import { type Lake, openLake } from "../../lake/lake.ts";
import { parseLake } from "../../lake/location.ts";
import { readState } from "../../lake/log.ts";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { beginCopy, bodyOf, createIdTable, idsOf, loadIds, tableNames, wholeRanges } from "./drive.ts";
import { type CopyStack, cursorsGiven, startCopyStack } from "./support.ts";

/**
 * Log entries after the beginning of a copy at which something is asked: opened, planned, exported, staged, intended, promoted,
 * committed, cleaned. Each is met under one of the two visibilities.
 */
const MOMENTS = { iteration: [1, 3, 5, 7], window: [2, 4, 6, 8] } as const;
const LOAD = 20;

const viewSchema = z.object({ id: z.string(), state: z.string(), error: z.string().nullable() });
const startedSchema = z.object({ id: z.string(), statusUrl: z.string() });

describe("what is asked over HTTP, at any moment of a copy", { timeout: 400_000 }, () => {
  let copies: CopyStack;

  beforeAll(async () => {
    copies = await startCopyStack({
      sourceDatabases: ["iteration", "window"],
      destinationDatabases: ["iteration", "window"],
    });
  });
  afterAll(() => copies.stop());

  async function post(id: string, action: string, body: object = {}): Promise<unknown> {
    const url = `${copies.stack.urls.functions}/api/copies/${encodeURIComponent(id)}/${action}`;
    const answer = await fetch(url, { method: "POST", body: JSON.stringify(body) });
    if (answer.status !== 202)
      throw new Error(`POST ${url} answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  }
  const look = async (statusUrl: string) => viewSchema.parse(await (await fetch(statusUrl)).json());

  /** Waits until a copy is at work no more. */
  async function ended(statusUrl: string): Promise<z.infer<typeof viewSchema>> {
    for (const end = Date.now() + 60_000; ; await sleep(50)) {
      const view = await look(statusUrl);
      if (!["running", "pausing", "cancelling"].includes(view.state)) return view;
      if (Date.now() > end) throw new Error(`After a minute ${view.id} is ${view.state}.`);
    }
  }

  for (const visibility of ["iteration", "window"] as const) {
    it.concurrent(`leaves a consistent state, and all comes with a resumption, where each ${visibility} is shown as a whole`, async ({
      expect: seen,
    }) => {
      const database = visibility;
      // Read anew at each look: the log must be readable by who knows nothing of it.
      const lake = (): Lake =>
        openLake(parseLake(`${copies.stack.urls.lake}/copy/${database};${storageAccount.key}`));
      const held = () => idsOf(copies.destination, database, "Events");
      const begin = () =>
        beginCopy(copies.stack.urls.functions, { ...bodyOf(copies.stack, database, database), visibility });

      async function nothingShown(what: string): Promise<void> {
        seen([what, await tableNames(copies.destination, database)]).toEqual([what, ["Events"]]);
        const extents = await readExtents(copies.destination, database, ["Events"], {});
        seen([what, extents.flatMap(({ Tags }) => Tags).filter((tag) => tag.startsWith("kc:"))]).toEqual([
          what,
          [],
        ]);
      }

      /** An export that was given up may write its files after the clean-up: the next run's takes them. */
      async function nothingLeft(what: string): Promise<void> {
        await nothingShown(what);
        const { container, blobName } = lake();
        const files: string[] = [];
        for await (const blob of container.listBlobsFlat({ prefix: `${blobName("staged")}/` }))
          if (/part[^/]*$/.test(blob.name)) files.push(blob.name);
        seen([what, files]).toEqual([what, []]);
      }

      await createIdTable(copies.source, database, "Events");
      let rows = 0;
      async function loadMore(): Promise<void> {
        for (const day of ["2024-05-01", "2024-05-02"]) {
          const ingestedAt = `${day}T12:00:00Z`;
          await loadIds(copies.stack.urls.sourceKusto, database, "Events", [rows, rows + LOAD], {
            ingestedAt,
          });
          rows += LOAD;
        }
        await cursorsGiven();
      }
      await loadMore();
      seen((await ended(await begin())).state).toBe("succeeded");

      const outcomes = new Set<string>();
      for (const moment of MOMENTS[visibility]) {
        for (const action of ["pause", "cancel"] as const) {
          const what = `${action} after entry ${moment}`;
          const before = rows;
          await loadMore();
          const from = (await readState(lake())).next;
          const statusUrl = await begin();
          const { id } = await look(statusUrl);
          const watched = lake();
          // A copy that is through before so many entries is asked after its end.
          while (
            (await readState(watched)).next < from + moment &&
            (await look(statusUrl)).state === "running"
          )
            await sleep(10);
          await post(id, action);
          const view = await ended(statusUrl);
          const state = await readState(lake());
          const control = await readControl(lake());
          seen([what, control.wanted, control.asked?.by]).toEqual([what, action, "http"]);
          if (state.ended) {
            outcomes.add(state.ended.outcome);
            seen([what, view.state]).toEqual([what, action === "pause" ? "paused" : "cancelled"]);
            seen([what, view.error]).toEqual([what, seen.stringContaining("(http, ")]);
          } else seen([what, view.state]).toEqual([what, "succeeded"]);
          const shown = await held();
          seen([what, shown.ids]).toEqual([what, shown.rows]);
          if (visibility === "iteration") seen([before, rows]).toContain(shown.rows);
          if (action === "cancel") {
            seen([what, state.open]).toEqual([what, {}]);
            await nothingShown(what);
          }
          // A cancelled copy goes on, or starts over, in turns.
          const startOver = action === "cancel" && moment % 4 > 1;
          const resumed = startedSchema.parse(await post(id, "resume", startOver ? { startOver } : {}));
          seen([what, await ended(resumed.statusUrl)]).toMatchObject([
            what,
            { state: "succeeded", error: null },
          ]);
          seen([what, await held()]).toEqual([what, wholeRanges([0, rows])]);
          seen([what, (await readState(lake())).tables.Events?.resync]).toEqual([what, undefined]);
          await nothingLeft(what);
        }
      }
      seen([...outcomes].toSorted()).toEqual(["cancelled", "paused"]);
      seen(await copies.compare(database)).toMatchObject([{ table: "Events", equal: true }]);
    });
  }
});
