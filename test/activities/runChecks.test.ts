import { describe, expect, it } from "vitest";
import { type CheckOf, runChecks, warn, well } from "../../activities/checks/runChecks.ts";
import { Retryable, Terminal } from "../../model/errors.ts";

const check = (name: string, look: CheckOf["look"], more: Partial<CheckOf> = {}): CheckOf => ({
  name,
  why: "It matters.",
  fix: "Mend it.",
  look,
  ...more,
});
const thrower = (error: Error) => async () => {
  throw error;
};

describe("checks", () => {
  it("stop no other by failing, and a refusal that may pass is not taken for one that stays", async () => {
    const made = await runChecks("lake", [
      check("well", async () => well("Seen.")),
      check("warned", async () => warn("Seen.", "Another fix.")),
      check("denied", thrower(new Terminal("Denied.", {}, { advice: "Ask for a role." }))),
      check("busy", thrower(new Retryable("Throttled."))),
      check("optional", thrower(new Terminal("Denied.")), { refused: "warning" }),
      check("defect", thrower(new TypeError("Not a function."))),
    ]);
    expect(made).toEqual([
      { family: "lake", name: "well", state: "ok", seen: "Seen.", why: "It matters.", fix: null },
      {
        family: "lake",
        name: "warned",
        state: "warning",
        seen: "Seen.",
        why: "It matters.",
        fix: "Another fix.",
      },
      {
        family: "lake",
        name: "denied",
        state: "failed",
        seen: "Denied. Ask for a role.",
        why: "It matters.",
        fix: "Mend it.",
      },
      {
        family: "lake",
        name: "busy",
        state: "unknown",
        seen: "Throttled.",
        why: "It matters.",
        fix: "Mend it.",
      },
      {
        family: "lake",
        name: "optional",
        state: "warning",
        seen: "Denied.",
        why: "It matters.",
        fix: "Mend it.",
      },
      {
        family: "lake",
        name: "defect",
        state: "failed",
        seen: "Not a function.",
        why: "It matters.",
        fix: "Mend it.",
      },
    ]);
  });

  it("that answer nothing are given up after their time, and the others are told", async () => {
    const made = await runChecks(
      "source",
      [check("silent", () => new Promise(() => undefined)), check("well", async () => well("Seen."))],
      50,
    );
    expect(made.map(({ name, state }) => [name, state])).toEqual([
      ["silent", "unknown"],
      ["well", "ok"],
    ]);
    expect(made[0]?.seen).toMatch(/no answer within/);
  });
});
