import { describe, expect, test } from "vitest";
import { beginning, explore, promotingAgain } from "./explore.ts";
import type { Mutation } from "./mutations.ts";
import type { Breach } from "./promise.ts";
import type { Rules } from "./rules.ts";
import { emptySnapshot, snapshot, twoFiles, twoIterations, twoWindows, withFaults } from "./scenarios.ts";

/*
 * Each guard taken away in turn: the exploration finds what it guards against, and says the shortest way there. With the guard in
 * place the same explorations, or wider ones that hold them, find nothing (protocol.test.ts).
 */

const SPOILS: readonly Breach[] = ["a row twice", "a row lost"];

function guards(
  title: string,
  mutations: readonly Mutation[],
  rules: Rules,
  breach: Breach,
  of = SPOILS,
  from = beginning({ ...rules, mutations }),
): void {
  test(title, () => {
    const { found } = explore({ ...rules, mutations }, { breaches: of, from });
    console.info(`${title}\n  - ${found?.way.join("\n  - ")}\n  => ${found?.says}`);
    expect(found?.breach).toBe(breach);
  });
}

describe("the exploration finds what happens", () => {
  guards("without the fence: a row twice", ["no fence"], twoIterations, "a row twice");
  guards("without the fence: a log that goes back", ["no fence"], twoIterations, "the log went back", [
    "the log went back",
  ]);
  guards("without the intent before the move: a row twice", ["no intent"], twoIterations, "a row twice");
  guards(
    "where all that carries the tag is moved instead of the very extents: a row twice",
    ["move by tag"],
    withFaults(twoIterations, ["doubled"]),
    "a row twice",
  );
  guards(
    "where all that is in staging is moved instead of the very extents: a row twice",
    ["move all"],
    withFaults(twoIterations, ["doubled"]),
    "a row twice",
  );
  guards(
    "without the proof of arrival, when somebody else drops extents: rows committed that never came",
    ["no proof of arrival"],
    withFaults(twoWindows, ["drop"]),
    "a row lost",
  );
  guards(
    "where runs share a staging table and all in it is moved: what the older run has in flight comes as well",
    ["staging without the run", "move all"],
    twoIterations,
    "a row twice",
  );
  guards(
    "where iterations share a staging table: the clean-up of one takes what the other has verified",
    ["one staging table"],
    withFaults(twoIterations, ["twice"]),
    "verified rows swept",
    ["verified rows swept"],
  );
  guards(
    "where a clean-up takes newer iterations for left over: one that comes late takes what the next iteration has verified",
    ["sweep newer iterations"],
    withFaults(twoIterations, ["twice"]),
    "verified rows swept",
    ["verified rows swept"],
  );
  guards(
    "where a stale run's clean-up sweeps newer runs' iterations: it takes what the run that took over has verified",
    ["sweep newer iterations", "sweep newer runs"],
    twoIterations,
    "verified rows swept",
    ["verified rows swept"],
  );
  guards(
    "where a replacement doesn't look into the log before it is made: an empty one takes the place of what came after it",
    ["no late look"],
    withFaults(emptySnapshot, ["twice"]),
    "a row lost",
  );
  guards(
    "where a promotion is taken back and its rows are left in staging: an older run still moves them, and they come again",
    ["take back in place"],
    withFaults(twoIterations, ["refusal"]),
    "a row twice",
  );
  guards(
    "where a replacement is taken back and its rows are left in staging: an older run still makes it, and the log doesn't know",
    ["take back in place"],
    withFaults(snapshot, ["refusal"]),
    "a row lost",
    SPOILS,
    promotingAgain(snapshot),
  );
  guards(
    "where a replacement is taken back at its first refusal: a merge of what it drops parks a table for nothing",
    ["one try"],
    withFaults(snapshot, ["merge"]),
    "parked without cause",
    ["parked without cause"],
  );
  guards(
    "where a second delivery that takes over a window first makes the other give it up: a table parked for nothing",
    ["adopt once"],
    withFaults(twoIterations, ["twice"]),
    "parked without cause",
    ["parked without cause"],
  );
  guards(
    "where extents in staging may merge: what was verified can't be told from what was dropped",
    ["merges in staging"],
    withFaults(twoIterations, ["merge"]),
    "stopped without cause",
    ["stopped without cause"],
  );
  guards(
    "where rows in staging are counted and not compared: one file twice in the place of another",
    ["count only"],
    withFaults(twoFiles, ["doubled"]),
    "a row twice",
  );
});

test("the run in a staging table's name is a second line: while the very extents are moved nothing is lost without it", () => {
  const rules = withFaults(twoIterations, ["twice"]);
  expect(explore({ ...rules, mutations: ["staging without the run"] }).found).toBeUndefined();
  // And where all is moved, runs' own tables keep out what another run has in flight.
  expect(explore({ ...twoIterations, mutations: ["move all"] }).found).toBeUndefined();
});
