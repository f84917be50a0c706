import { afterAll, describe, expect, it } from "vitest";
import { inTurn, runSharing, sharingCases } from "./cases.ts";
import { startSharingStage } from "./stage.ts";
import { STEPS } from "./steps.ts";

/*
 * What attaching, overriding and detaching ask of the resource manager and of the clusters is recorded first: which tests
 * there are follows from it.
 */

const stage = await startSharingStage();
afterAll(() => stage.stop());

const cases = await sharingCases(stage);

describe("a step of sharing that one fault strikes is done when it is asked for again, once, and says why it wasn't", () => {
  it.each(inTurn(cases).map((each) => [each.name, each] as const))("%s", async (_, each) => {
    const { problems, missed } = await runSharing(stage, each);
    expect({ problems, missed }).toEqual({ problems: [], missed: [] });
  });

  it("is tried at every request of each step", () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    for (const { name } of STEPS)
      expect(cases.filter(({ step }) => step.name === name).length).toBeGreaterThan(10);
    for (const service of ["arm", "destination"])
      expect(cases.some(({ name }) => name.includes(`: ${service}: `))).toBe(true);
  });
});
