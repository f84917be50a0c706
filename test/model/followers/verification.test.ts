import { describe, expect, it } from "vitest";
import type { Attachment } from "../../../model/followers/attachment.ts";
import { judgeAttachment, type Sights, worstState } from "../../../model/followers/verification.ts";

const id = (name: string) => `/subscriptions/s/resourceGroups/g/providers/Microsoft.Kusto/clusters/${name}`;
type Listed = Attachment & { attached: string[]; provisioningState: string };
const attachment = (more: Partial<Listed> = {}): Listed => ({
  name: "adc",
  database: "Sales",
  leader: id("leader"),
  principals: "Union",
  attached: ["Sales"],
  provisioningState: "Succeeded",
  ...more,
});
/** All as it should be; each test takes one thing away. */
const sights = (more: Partial<Sights> = {}): Sights => ({
  follower: {
    id: id("follower"),
    uri: "https://follower",
    databases: [
      { name: "Sales", follows: true, leader: id("LEADER"), configuration: "ADC", originalName: "Sales" },
    ],
  },
  served: { told: [{ name: "Sales", accessMode: "ReadOnlyFollowing" }] },
  queried: [{ name: "Sales", problem: null }],
  tables: [{ name: "Sales", tables: ["Orders"] }],
  leaders: [
    {
      id: id("leader"),
      followers: { told: [{ follower: id("Follower"), configuration: "adc" }] },
      databases: { told: ["Sales"] },
    },
  ],
  ...more,
});
const with_ = (database: object): Partial<Sights> => ({
  follower: { ...sights().follower, databases: [{ name: "Sales", follows: true, ...database }] },
});

describe("a database is shared", () => {
  it("when both sides show it, ids and names in any case", () => {
    expect(judgeAttachment(attachment(), sights()).map(({ state }) => state)).toEqual(["passed"]);
  });

  it.each<[string, string, string, Partial<Listed>, Partial<Sights>, RegExp]>([
    ["attached", "failed", "its operation failed", { provisioningState: "Failed" }, {}, /attach again/],
    ["attached", "waiting", "its operation runs", { provisioningState: "Creating" }, {}, /is Creating/],
    [
      "listed",
      "waiting",
      "Azure doesn't list it",
      {},
      { follower: { ...sights().follower, databases: [] } },
      /doesn't list/,
    ],
    ["listed", "failed", "the follower's own wins", {}, with_({ follows: false }), /of its own, which wins/],
    ["listed", "failed", "it is another leader's", {}, with_({ leader: id("other") }), /two attachments/],
    [
      "listed",
      "failed",
      "another configuration brought it",
      {},
      with_({ configuration: "b" }),
      /two attachments/,
    ],
    [
      "served",
      "waiting",
      "the follower doesn't show it",
      {},
      { served: { told: [] } },
      /refreshed yet, or .* no role/,
    ],
    [
      "served",
      "failed",
      "it could be written",
      {},
      { served: { told: [{ name: "Sales", accessMode: "ReadWrite" }] } },
      /as ReadWrite/,
    ],
    ["served", "unknown", "the follower can't be asked", {}, { served: { reason: "no way" } }, /no way/],
    [
      "queried",
      "waiting",
      "it doesn't answer",
      {},
      { queried: [{ name: "Sales", problem: "gone" }] },
      /gone/,
    ],
    [
      "tables",
      "waiting",
      "a table of the sharing lacks",
      { sharing: { tablesToInclude: ["Orders", "Nope", "N*"] } },
      {},
      /names Nope,/,
    ],
    [
      "shared",
      "waiting",
      "the leader doesn't list it",
      {},
      { leaders: [{ id: id("leader"), followers: { told: [] }, databases: { told: [] } }] },
      /doesn't list/,
    ],
    [
      "shared",
      "unknown",
      "the leader can't be asked",
      {},
      { leaders: [{ id: id("leader"), followers: { reason: "denied" }, databases: { reason: "denied" } }] },
      /denied/,
    ],
  ])("not by %s (%s) when %s", (check, state, _, listed, seen, said) => {
    const [database] = judgeAttachment(attachment(listed), sights(seen));
    expect(database?.state).toBe(state);
    expect(database?.checks.filter((each) => each.state !== "passed")).toEqual([
      { side: check === "shared" ? "leader" : "follower", check, state, seen: expect.stringMatching(said) },
    ]);
  });

  it("of all, but for those that the follower's own hide", () => {
    const all = attachment({ database: "*", namePrefix: "" });
    const seen = sights({
      ...with_({ leader: id("leader"), configuration: "adc" }),
      leaders: [
        {
          id: id("leader"),
          followers: { told: [{ follower: id("follower"), configuration: "adc" }] },
          databases: { told: ["Sales", "Own"] },
        },
      ],
    });
    const own = { name: "own", follows: false };
    const follower = { ...seen.follower, databases: [...seen.follower.databases, own] };
    const judged = judgeAttachment(all, { ...seen, follower });
    expect(judged.map(({ name, state }) => [name, state])).toEqual([
      ["Sales", "passed"],
      ["Own", "hidden"],
    ]);
  });

  it("as badly as its worst check", () => {
    expect(worstState(["passed", "failed", "unknown"])).toBe("failed");
    expect(worstState(["hidden", "unknown", "passed"])).toBe("unknown");
    expect(worstState([])).toBe("passed");
  });
});
