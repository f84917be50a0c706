import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  type Attachment,
  type AttachRequest,
  attachRequestSchema,
} from "../../../model/followers/attachment.ts";
import { type ClusterFacts, planAttachments } from "../../../model/followers/planAttachments.ts";

const cluster = (name: string) =>
  `/subscriptions/12345678-1234-1234-1234-123456789098/resourceGroups/rg/providers/Microsoft.Kusto/clusters/${name}`;

const facts = (name: string, more: Partial<ClusterFacts> = {}): ClusterFacts => ({
  id: cluster(name),
  location: "East US",
  state: "Running",
  streamingIngestion: false,
  customerKey: false,
  databases: [],
  attachments: [],
  ...more,
});

const own = (...names: string[]) => names.map((name) => ({ name, follows: false }));
const leader = facts("leader", { databases: own("Sales", "Logs") });

function request(more: object = {}): AttachRequest {
  return attachRequestSchema.parse({
    follower: cluster("follower"),
    leader: cluster("leader"),
    databases: ["Sales"],
    ...more,
  });
}

const attachment = (more: Partial<Attachment> = {}): Attachment => ({
  name: "adc",
  database: "Sales",
  leader: cluster("leader"),
  principals: "Union",
  ...more,
});

describe("attaching", () => {
  it("creates what isn't there, changes what differs under the name it has, and keeps the rest", () => {
    const follower = facts("follower", {
      attachments: [attachment(), attachment({ name: "other", database: "Logs", principals: "None" })],
      databases: [
        { name: "Sales", follows: true },
        { name: "Logs", follows: true },
      ],
    });
    const plan = planAttachments(request({ databases: ["Sales", "Logs"] }), leader, follower);
    expect(plan.refused).toEqual([]);
    expect(plan.planned.map(({ action, attachment: { name } }) => `${action} ${name}`)).toEqual([
      "keep adc",
      "change other",
    ]);
    const fresh = planAttachments(request(), leader, facts("follower"));
    expect(fresh.planned).toMatchObject([{ action: "create", attachment: { name: "leader-Sales" } }]);
  });

  const limits: [string, object, ClusterFacts, ClusterFacts, RegExp][] = [
    [
      "another region",
      {},
      leader,
      facts("follower", { location: "West Europe" }),
      /region.*Copy the database/,
    ],
    ["a stopped cluster", {}, leader, facts("follower", { state: "Stopped" }), /Stopped.*Start it/],
    ["an unknown database", { databases: ["No"] }, leader, facts("follower"), /has no database No/],
    [
      "a followed database",
      {},
      facts("leader", { databases: [{ name: "Sales", follows: true }] }),
      facts("follower"),
      /own leader/,
    ],
    ["a name of its own", {}, leader, facts("follower", { databases: own("sales") }), /would win/],
    [
      "a name of another leader",
      {},
      leader,
      facts("follower", { attachments: [attachment({ leader: cluster("leader2") })] }),
      /another leader.*prefix/,
    ],
    [
      "all of the leader",
      {},
      leader,
      facts("follower", { attachments: [attachment({ database: "*" })] }),
      /attached already/,
    ],
    [
      "one of all",
      { databases: ["*"] },
      leader,
      facts("follower", { attachments: [attachment()] }),
      /Sales of this leader attached by name/,
    ],
    [
      "a chain of customer-managed keys",
      {},
      facts("leader", { databases: own("Sales"), customerKey: true, attachments: [attachment()] }),
      facts("follower"),
      /customer-managed key/,
    ],
  ];
  it.each(limits)("is refused with what to do: %s", (_, more, from, to, reason) => {
    expect(planAttachments(request(more), from, to).refused.join(" ")).toMatch(reason);
  });

  it("under a prefix, and by an override, names don't clash", () => {
    const follower = facts("follower", { databases: own("Sales") });
    expect(planAttachments(request({ namePrefix: "eu_" }), leader, follower).refused).toEqual([]);
    expect(planAttachments(request({ nameOverride: "Sales2" }), leader, follower).refused).toEqual([]);
  });

  it("warns where streamed rows would not be seen, and where a database of the follower hides one of all", () => {
    const from = facts("leader", { databases: own("Sales"), streamingIngestion: true });
    const plan = planAttachments(
      request({ databases: ["*"] }),
      from,
      facts("follower", { databases: own("Sales") }),
    );
    expect(plan.refused).toEqual([]);
    expect(plan.warnings.join(" ")).toMatch(/Streaming ingestion.*of these names of its own.*Sales/);
  });
});

describe("attaching beside other attachments", () => {
  const follower = facts("follower", {
    databases: [{ name: "Sales", follows: true, configuration: "rest" }],
    attachments: [attachment({ name: "rest", database: "*", leader: cluster("second") })],
  });

  it("refuses a name that came with all databases of another leader, and warns where all would meet it", () => {
    expect(planAttachments(request(), leader, follower).refused).toEqual([
      expect.stringMatching(/Sales attached already, with all databases of another leader/),
    ]);
    expect(planAttachments(request({ nameOverride: "Other" }), leader, follower).refused).toEqual([]);
    const all = planAttachments(request({ databases: ["*"] }), leader, follower);
    expect(all).toMatchObject({
      refused: [],
      warnings: [expect.stringMatching(/Azure chooses .*: Sales\./)],
    });
    expect(
      planAttachments(request({ databases: ["*"], namePrefix: "a_" }), leader, follower).warnings,
    ).toEqual([]);
  });

  it("sends again what failed, though it says what is wanted", () => {
    for (const [provisioningState, action] of [
      ["Failed", "change"],
      ["Canceled", "change"],
      ["Creating", "keep"],
    ] as const) {
      const before = facts("follower", { attachments: [{ ...attachment(), provisioningState }] });
      expect(planAttachments(request(), leader, before).planned).toMatchObject([{ action }]);
    }
  });
});

describe("a request to attach", () => {
  const entries = (count: number) => Array.from({ length: count }, (_, i) => `T${i}`);
  const wrong: [string, object, RegExp][] = [
    [
      "101 sharing entries",
      { sharing: { tablesToInclude: entries(60), functionsToExclude: entries(41) } },
      /101 entries/,
    ],
    ["sharing with *", { databases: ["*"], sharing: { tablesToInclude: ["T"] } }, /can't be given with \*/],
    ["an override of several", { databases: ["A", "B"], nameOverride: "C" }, /nameOverride/],
    ["* and names", { databases: ["*", "A"] }, /already/],
    ["a database twice", { databases: ["A", "a"] }, /twice/],
    ["the leader as follower", { follower: cluster("LEADER") }, /leader itself/],
    ["no resource id", { leader: "https://leader.eastus.kusto.windows.net" }, /resource id/],
  ];
  it.each(wrong)("is refused by name: %s", (_, more, reason) => {
    expect(() => request(more)).toThrow(reason);
  });
});

test("asking again for what was planned changes nothing, whatever was asked", () => {
  const names = fc.uniqueArray(fc.constantFrom("Sales", "Logs", "My Db", "ü", "a.b", "a-b"), {
    minLength: 1,
  });
  const list = fc.option(fc.array(fc.string({ minLength: 1, maxLength: 5 }), { maxLength: 5 }), {
    nil: undefined,
  });
  fc.assert(
    fc.property(
      names,
      fc.constantFrom("Union", "Replace", "None"),
      fc.option(fc.string({ minLength: 1, maxLength: 5 }), { nil: undefined }),
      list,
      (databases, principals, namePrefix, tablesToInclude) => {
        const asked = request({
          databases,
          principals,
          ...(namePrefix === undefined ? {} : { namePrefix }),
          ...(tablesToInclude === undefined ? {} : { sharing: { tablesToInclude } }),
        });
        const from = facts("leader", { databases: own("Sales", "Logs", "My Db", "ü", "a.b", "a-b") });
        const first = planAttachments(asked, from, facts("follower"));
        const attachments = first.planned.map((each) => each.attachment);
        expect(new Set(attachments.map((each) => each.name)).size).toBe(databases.length);
        const again = planAttachments(asked, from, facts("follower", { attachments }));
        expect(again.planned.map((each) => each.action)).toEqual(databases.map(() => "keep"));
        expect(again.refused).toEqual([]);
      },
    ),
  );
});
