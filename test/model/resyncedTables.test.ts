import { describe, expect, it } from "vitest";
import { resyncedTables } from "../../model/resyncedTables.ts";
import { opening, planned, stateOf } from "./checkpoint/sampleLog.ts";

describe("tables to resynchronise", () => {
  const state = stateOf([
    opening,
    planned(1, "backfill", { tables: { Events: 1, Extra: 1 } }),
    planned(2, "forward", { tables: { Begun: 1 } }),
  ]);

  it("are those that the log knows or has begun with, by name and pattern, each once", () => {
    expect(resyncedTables(state, ["E*", "Events", "Begun"])).toEqual({
      tables: ["Begun", "Events", "Extra"],
      unknown: [],
    });
  });

  it("are told where a name or a pattern meets none", () => {
    expect(resyncedTables(state, ["events", "X*", "Extra"])).toEqual({
      tables: ["Extra"],
      unknown: ["events", "X*"],
    });
  });
});
