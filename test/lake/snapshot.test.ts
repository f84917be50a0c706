import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type Lake, openLake } from "../../lake/lake.ts";
import { parseLake } from "../../lake/location.ts";
import { appendEntry, entryPath, readState } from "../../lake/log.ts";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import type { EntryBody } from "../../model/checkpoint/entries.ts";
import { snapshotWithFormat } from "../../model/checkpoint/format.ts";
import type { State } from "../../model/checkpoint/state.ts";
import { createDirector, missedOf } from "../faults/director.ts";
import { effectAt } from "../faults/effects.ts";
import { type FaultProxy, startProxy } from "../faults/proxy.ts";
import { FAULT_WORDS, isDeath, WIRE_FAULTS } from "../faults/wireFaults.ts";
import { canonical, committed, copied, opening, planned } from "../model/checkpoint/sampleLog.ts";
import { get, put, startStorage } from "./lakeForTests.ts";

/** The entry with which a snapshot is written. */
const LAST = 63;
const PLACE = "snapshot";

/** An entry that changes little. */
const idle: EntryBody = { kind: "mirrored", changes: [], warnings: [] };

const director = createDirector(effectAt(PLACE));
let storage: Awaited<ReturnType<typeof startStorage>>;
let proxy: FaultProxy<"lake">;
/** The log before that entry, as each case finds it. */
let before: State;
let lastFile: string;

const append = (lake: Lake, number: number) =>
  appendEntry(lake, { number, run: 0, step: `step ${number}` }, idle);

beforeAll(async () => {
  storage = await startStorage();
  proxy = await startProxy({ lake: storage.url }, director.fate);
  const lake = storage.open("logs/first");
  await lake.container.create();
  const first = [opening, planned(1, "backfill", { tables: { T: 1 } }), ...copied(1, "T"), committed(1)];
  for (const [number, body] of first.entries())
    await appendEntry(lake, { number, run: 0, step: `step ${number}` }, body);
  for (let number = first.length; number < LAST; number++) await append(lake, number);
  before = await readState(lake);
  lastFile = await get(lake, entryPath(LAST - 1));
});
afterAll(async () => {
  await proxy.close();
  await storage.stop();
});

it.each(WIRE_FAULTS.map((fault) => [FAULT_WORDS[fault], fault] as const))(
  "a log whose snapshot is written as %s tells the same to whoever reads it next, and goes on",
  async (_, fault) => {
    const fresh = () => storage.open(`logs/${fault}`);
    await put(fresh(), "log/snapshot.json", JSON.stringify(snapshotWithFormat(before)));
    await put(fresh(), entryPath(LAST - 1), lastFile);
    const strikes = [{ effect: "lake: PUT log/snapshot.json", nth: 1, fault }];
    const track = director.arm(PLACE, strikes);
    const origin = `${proxy.urls.lake}/${storageAccount.name}`;
    const lake = openLake(parseLake(`${origin}/logs/${fault};${storageAccount.key}`));
    const first = append(lake, LAST).catch(() => undefined);
    await (isDeath(fault) ? vi.waitFor(() => expect(track.isDead()).toBe(true)) : first);
    expect(missedOf(track, strikes)).toEqual([]);

    // The step is made again, by this process or by the next.
    const next = isDeath(fault) ? fresh() : lake;
    expect(await append(next, LAST)).toMatchObject({ number: LAST, step: `step ${LAST}` });
    const state = await readState(fresh());
    expect(canonical(state)).toBe(canonical({ ...before, next: LAST + 1 }));
    expect(canonical(await readState(next))).toBe(canonical(state));
    await append(fresh(), LAST + 1);
    expect((await readState(fresh())).next).toBe(LAST + 2);
  },
);
