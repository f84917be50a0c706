import { describe, expect, it } from "vitest";
import type { Attachment } from "../../../model/followers/attachment.ts";
import {
  detachRequestSchema,
  planDetachAtFollower,
  planDetachAtLeader,
} from "../../../model/followers/detach.ts";

const id = (name: string) => `/subscriptions/s/resourceGroups/g/providers/Microsoft.Kusto/clusters/${name}`;
const attached = (name: string, database: string, leader: string, more: object = {}): Attachment => ({
  name,
  database,
  leader: id(leader),
  principals: "Union",
  ...more,
});
const follower = {
  id: id("f"),
  attachments: [
    attached("one", "Events", "a", { nameOverride: "Shared" }),
    attached("all", "*", "b", { namePrefix: "b_" }),
  ],
  databases: [
    { name: "Own", follows: false },
    { name: "Shared", follows: true, configuration: "one" },
    { name: "b_X", follows: true, configuration: "all" },
    { name: "b_Y", follows: true, configuration: "ALL" },
  ],
};
const atFollower = (more: object) =>
  planDetachAtFollower(detachRequestSchema.parse({ follower: id("f"), ...more }), follower);

describe("detaching at the follower", () => {
  it("goes by the names that users see, in any case", () => {
    expect(atFollower({ databases: ["shared"] })).toEqual({
      targets: [{ follower: id("f"), configuration: "one", databases: ["Shared"] }],
      refused: [],
    });
  });

  it("refuses what isn't attached, and one of those that came together", () => {
    const { refused } = atFollower({ databases: ["Events", "Own", "b_X"] });
    expect(refused).toEqual([
      expect.stringMatching(/no attached database Events/),
      expect.stringMatching(/no attached database Own/),
      expect.stringMatching(/b_X is attached with all databases of .*clusters\/b/),
    ]);
  });

  it("takes all, or all of a leader", () => {
    expect(atFollower({ databases: ["*"] }).targets.map((each) => each.databases)).toEqual([
      ["Shared"],
      ["b_X", "b_Y"],
    ]);
    expect(
      atFollower({ databases: ["*"], leader: id("B") }).targets.map((each) => each.configuration),
    ).toEqual(["all"]);
  });
});

describe("detaching at the leader", () => {
  const followers = [
    { follower: id("f"), configuration: "one", database: "Events" },
    { follower: "fabric-item", configuration: "shortcut", database: "Events" },
    { follower: id("g"), configuration: "rest", database: "*" },
  ];
  const atLeader = (more: object) =>
    planDetachAtLeader(detachRequestSchema.parse({ side: "leader", leader: id("a"), ...more }), followers);

  it("goes by its own names, of one follower or of all", () => {
    expect(atLeader({ databases: ["events"] }).targets.map((each) => each.configuration)).toEqual([
      "one",
      "shortcut",
    ]);
    expect(
      atLeader({ databases: ["Events"], follower: "fabric-item" }).targets.map((each) => each.follower),
    ).toEqual(["fabric-item"]);
    expect(atLeader({ databases: ["*"] }).targets).toHaveLength(3);
  });

  it("refuses what nobody follows by itself", () => {
    expect(atLeader({ databases: ["Other"] }).refused).toEqual([expect.stringMatching(/clusters\/g/)]);
    expect(atLeader({ databases: ["Other"], follower: id("f") }).refused).toEqual([
      expect.stringMatching(/Nobody follows database Other/),
    ]);
  });
});

it.each([
  [{ databases: ["A"] }, "follower"],
  [{ side: "leader", databases: ["A"] }, "leader"],
  [{ follower: id("f"), databases: ["*", "A"] }, "databases"],
])("a request that lacks what it needs names it: %j", (request, field) => {
  const { error } = detachRequestSchema.safeParse(request);
  expect(error?.issues.map((issue) => issue.path.join("."))).toEqual([field]);
});
