import { expect, test } from "vitest";
import type { EntryBody } from "../../../model/checkpoint/entries.ts";
import { fold } from "../../../model/checkpoint/fold.ts";
import { emptyState } from "../../../model/checkpoint/state.ts";
import {
  committed,
  copied,
  entryAt,
  exported,
  intended,
  opening,
  parked,
  plan,
  planned,
  promoted,
  reset,
  staged,
  stagedWindow,
  stateOf,
} from "./sampleLog.ts";

test("an iteration is not committed before its tables are promoted or parked, nor while an intent is open", () => {
  const steps = copied(1, "T");
  for (let n = 0; n < steps.length; n++) {
    expect(() => stateOf([opening, plan, ...steps.slice(0, n), committed(1)])).toThrow(/commits iteration 1/);
  }
  expect(stateOf([opening, plan, ...steps, committed(1)]).tables.T?.backfill).toBe("done");
  expect(stateOf([opening, plan, parked(1, "T"), committed(1)]).tables.T?.backfill).toBe("pending");
  const underWay = [...steps.slice(0, 3), parked(1, "T")];
  expect(() => stateOf([opening, plan, ...underWay, committed(1)])).toThrow(/promotion of T is under way/);
});

test("nothing is promoted without an intent, and no intent names what was not verified", () => {
  const begun = [opening, plan, exported(1, ["1.0.0"]), staged(1, ["1.0.0"])];
  expect(() => stateOf([...begun, promoted(1, ["1.0.0"])])).toThrow(/no intent/);
  expect(() => stateOf([opening, plan, intended(1, "T", ["1.0.0"])])).toThrow(/not verified/);
  expect(() => stateOf([...begun, parked(1, "T"), intended(1, "T", ["1.0.0"])])).toThrow(/parked/);
  expect(() => stateOf([...begun, intended(1, "T", ["1.0.0"]), intended(1, "T", ["1.0.0"])])).toThrow(
    /second time/,
  );
  const done = [...begun, intended(1, "T", ["1.0.0"]), promoted(1, ["1.0.0"])];
  expect(() => stateOf([...done, intended(1, "T", ["1.0.0"])])).toThrow(/not verified/);
  const { window, tag, rows } = stagedWindow("1.0.0");
  const others: EntryBody = {
    kind: "promotionIntended",
    iteration: 1,
    moves: [
      { table: "T", staging: "S", windows: [{ window, tag, rows, extents: ["other"] }], replace: false },
    ],
  };
  expect(() => stateOf([...begun, others])).toThrow(/not verified/);
});

test("a window that is promoted is never begun again, and none is staged before its export", () => {
  const done = [opening, plan, ...copied(1, "T")];
  for (const again of [exported(1, ["1.0.0"]), staged(1, ["1.0.0"]), reset(1, "1.0.0", 1)]) {
    expect(() => stateOf([...done, again])).toThrow(/promoted/);
  }
  expect(() => stateOf([opening, plan, staged(1, ["1.0.0"])])).toThrow(/not exported/);
});

test("entries that speak of what isn't there are refused", () => {
  expect(() => stateOf([plan])).toThrow(/none is open|run none/);
  expect(() => stateOf([opening, exported(1, ["1.0.0"])])).toThrow(/not open/);
  expect(() => stateOf([opening, plan, exported(1, ["1.0.7"])])).toThrow(/never planned/);
  expect(() => stateOf([opening, plan, exported(2, ["2.0.0"])])).toThrow(/not open/);
  expect(() => stateOf([opening, planned(2, "forward", {})])).toThrow(/after iteration 0/);
  expect(() => stateOf([opening, plan, planned(2, "backfill", {})])).toThrow(/while 1 is open/);
  expect(() => stateOf([opening, plan, planned(1, "forward", {})])).toThrow(/after iteration 1/);
  expect(() => fold(emptyState, entryAt(0, 4, opening))).toThrow(/run 4/);
  const begun = [opening, planned(1, "forward", { tables: { T: 1 } })];
  expect(() => stateOf([...begun, planned(2, "backfill", { tables: { T: 1 } })])).toThrow(
    /from its beginning/,
  );
  const twice = planned(1, "forward", { tables: { T: 1 } });
  if (twice.kind === "iterationPlanned") twice.tables.push(...twice.tables);
  expect(() => stateOf([opening, twice])).toThrow(/twice/);
});
