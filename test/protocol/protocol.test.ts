import { expect, test } from "vitest";
import { beginning, explore, promotingAgain, takingOver } from "./explore.ts";
import type { Rules } from "./rules.ts";
import {
  emptiedSnapshot,
  emptySnapshot,
  historyFirst,
  oneWindow,
  shownWindows,
  snapshot,
  twoFiles,
  twoIterations,
  twoWindows,
  withFaults,
} from "./scenarios.ts";

/*
 * The log protocol, explored to the last state (scenarios.ts says what is bounded). In each of them no row is in the table
 * twice; what the log says is in the table is there, unless somebody else dropped it after it had been shown; nothing is there
 * that the log doesn't speak of; no table is stopped unless somebody else dropped something; the log goes nowhere back; and from
 * each of them, once faults have stopped, everything is committed and nothing left over, or the table is stopped with its reason.
 */

function holds(title: string, rules: Rules, from = beginning(rules)): void {
  test(title, () => {
    const { states, steps, depth, found } = explore(rules, { from });
    console.info(`${states} states, ${steps} steps, ${depth} deep: ${title}`);
    expect(found).toBeUndefined();
    // An exploration of next to nothing shows nothing.
    expect(states).toBeGreaterThan(500);
  });
}

holds(
  "a run that takes over at any moment, and one that wakes up stale after it, lose and double nothing over two iterations",
  twoIterations,
);
holds(
  "a worker that dies after any effect, in two iterations and under a takeover, loses and doubles nothing",
  withFaults(twoIterations, ["redelivery"]),
);
holds(
  "an activity that is delivered twice, at once or however late, loses and doubles nothing in this iteration or the next",
  withFaults(twoIterations, ["twice"]),
);
holds(
  "history that is committed before the new rows that are copied beside it loses and doubles nothing",
  withFaults(historyFirst, ["redelivery", "twice"]),
);
holds(
  "what an older run had staged is taken up once, by whichever of two runs, and by activities that are delivered twice",
  withFaults(twoWindows, ["redelivery", "twice"]),
  takingOver(withFaults(twoWindows, ["redelivery", "twice"])),
);
holds(
  "ingestion that comes late, or twice, or into a staging table that is gone, and merges in the table lose and double nothing",
  withFaults(twoIterations, ["doubled", "late", "merge"]),
);
holds(
  "windows that are shown one by one are shown once, whoever dies or is delivered twice",
  withFaults(shownWindows, ["redelivery", "twice"]),
);
holds(
  "a promotion that is taken back shows nothing later, whoever still has its move under way, and is copied again",
  withFaults(oneWindow, ["refusal", "redelivery"], 2),
);
holds(
  "a copy that is cancelled or fails at any moment leaves what is shown, and the next run copies the rest once",
  withFaults(shownWindows, ["cancel", "failure"]),
);
holds(
  "a file that arrives twice in the place of another is never taken for it",
  withFaults(twoFiles, ["doubled"]),
);
holds(
  "rows that somebody else drops before they are shown are never committed as whole: the table is stopped, or copied again",
  withFaults(twoWindows, ["drop"]),
);
holds(
  "what somebody else drops is told from what was moved, though the move's worker died",
  withFaults(oneWindow, ["drop", "redelivery"], 2),
);
holds(
  "a table that is replaced as a whole holds one version or the next, and never an older one again",
  withFaults(snapshot, ["redelivery", "twice", "merge"]),
);
holds(
  "a replacement that is refused for good is taken back after its tries, and shows nothing later, whoever still has it under way",
  withFaults(snapshot, ["refusal", "twice"], 2),
  promotingAgain(withFaults(snapshot, ["refusal", "twice"], 2)),
);
holds(
  "what was to empty a table and is taken back, and empties it all the same, is copied again",
  withFaults(emptiedSnapshot, ["refusal", "twice"], 2),
  promotingAgain(withFaults(emptiedSnapshot, ["refusal", "twice"], 2)),
);
holds(
  "a table that is replaced by an empty one, late, keeps what came after that",
  withFaults(emptySnapshot, ["redelivery", "twice", "merge"]),
);
