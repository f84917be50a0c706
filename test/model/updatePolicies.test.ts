import { describe, expect, it } from "vitest";
import { isNeeded, policiesOf, standing, switchedOff, triggeredTarget } from "../../model/updatePolicies.ts";

const of = (more: object = {}) => ({ IsEnabled: true, Source: "Events", Query: "Events", ...more });
const byTable = (...objects: object[]) => new Map([["Derived", policiesOf(objects)]]);

describe("update policies that copied rows would run", () => {
  it("are those of the table by its name, and of patterns that match it or a staging table", () => {
    expect(triggeredTarget(byTable(of()), ["Events"])).toBe("Derived");
    expect(triggeredTarget(byTable(of()), ["Event", "events", "Events2"])).toBeUndefined();
    expect(triggeredTarget(byTable(of({ IsEnabled: false })), ["Events"])).toBeUndefined();
    const pattern = byTable(of({ Source: "KC_*_0", SourceIsWildCard: true }));
    expect(triggeredTarget(pattern, ["KC_Staging_0a1b2c3d_0_1_0"])).toBe("Derived");
    expect(triggeredTarget(pattern, ["Events"])).toBeUndefined();
    // A name with a star that isn't a pattern is a name.
    expect(triggeredTarget(byTable(of({ Source: "*" })), ["Events"])).toBeUndefined();
    expect(triggeredTarget(byTable(of({ Source: "A.c", SourceIsWildCard: true })), ["Abc"])).toBeUndefined();
  });

  it("are switched off alone, and with nothing of Kusto's own notes", () => {
    const [noted] = switchedOff(
      byTable(of({ OwnerPrincipalDetails: { Id: "x" } }), of({ Source: "Other" })),
      ["Events"],
    );
    expect(JSON.parse(noted?.disabled ?? "")).toEqual([of({ IsEnabled: false }), of({ Source: "Other" })]);
    expect(JSON.parse(noted?.policy ?? "")).toEqual([of(), of({ Source: "Other" })]);
    expect(noted && isNeeded(noted, ["Events"])).toBe(true);
    expect(noted && isNeeded(noted, ["Other"])).toBe(false);
  });

  it("are known again, whatever Kusto adds to them, and told from what somebody changed", () => {
    const [noted] = switchedOff(byTable(of(), of({ Source: "Other" })), ["Events"]);
    if (!noted) throw new Error("Nothing was switched off.");
    const now = (...objects: object[]) => standing(noted, policiesOf(objects));
    const off = of({ IsEnabled: false, ManagedIdentity: null, PropagateIngestionProperties: false });
    expect(now(off, of({ Source: "Other" }))).toBe("set");
    expect(now(of(), of({ Source: "Other", SourceIsWildCard: false }))).toBe("before");
    expect(now(off, of({ Source: "Other", IsEnabled: false }))).toBe("changed");
    expect(now(off, of({ Source: "Other", Query: "g()" }))).toBe("changed");
    expect(now(off)).toBe("changed");
    expect(now()).toBe("changed");
  });
});
