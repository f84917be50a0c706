import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  followerRoleSchema,
  modificationKindSchema,
  noOverrides,
  type OverrideRequest,
  type OverrideState,
  overrideRequestSchema,
  planOverrides,
} from "../../../model/followers/overrides.ts";

const FOLLOWER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Kusto/clusters/f";
const kind = fc.constantFrom(...modificationKindSchema.options);
const span = fc.constantFrom("0d", "1h", "7d", "30d", null);
const hotMs = fc.constantFrom(0, 3_600_000, 7 * 86_400_000, null);
const table = fc.constantFrom("A", "B", "constructor", "__proto__", "a b");
const principal = fc.constantFrom("aadapp=1;t", "aadapp=2;t", "aadgroup=3;t");
const role = fc.constantFrom(...followerRoleSchema.options);
const roleName = fc.constantFrom("Admin", "User", "Viewer", "Monitor");

const state: fc.Arbitrary<OverrideState> = fc.record({
  caching: fc.record({
    database: hotMs,
    entities: fc.uniqueArray(fc.record({ name: table, hotMs }), { selector: ({ name }) => name }),
    kind,
  }),
  principals: fc.record({
    kind,
    listed: fc.uniqueArray(fc.record({ role: roleName, principal }), {
      selector: (each) => `${each.role} ${each.principal}`,
    }),
  }),
  prefetch: fc.boolean(),
});

const some = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
const entities = fc.dictionary(fc.constantFrom("A", "B", "a b"), span);
const people = fc.array(fc.record({ role, principals: fc.uniqueArray(principal, { minLength: 1 }) }), {
  maxLength: 2,
});
/** Adding and dropping at once name different principals: otherwise the request contradicts itself. */
const request: fc.Arbitrary<OverrideRequest> = fc
  .record({
    follower: fc.constant(FOLLOWER),
    database: fc.constant("D"),
    caching: some(fc.record({ database: some(span), tables: some(entities), kind: some(kind) })),
    principals: some(
      fc.oneof(fc.record({ add: people, kind: some(kind) }), fc.record({ drop: people, kind: some(kind) })),
    ),
    prefetch: some(fc.boolean()),
  })
  .map((each) => overrideRequestSchema.parse(JSON.parse(JSON.stringify(each))));

const parsed = (more: object) => overrideRequestSchema.parse({ follower: FOLLOWER, database: "D", ...more });

describe("overrides of a followed database", () => {
  it("that are asked for again send nothing", () => {
    fc.assert(
      fc.property(state, request, (before, asked) => {
        const { after } = planOverrides(before, asked);
        expect(planOverrides(after, asked).changes).toEqual([]);
      }),
    );
  });

  it("that aren't named stay as they are", () => {
    fc.assert(
      fc.property(state, (before) => {
        expect(planOverrides(before, parsed({}))).toMatchObject({ changes: [], after: before });
      }),
    );
  });

  it("set and add before a modification kind is changed, and take away after it", () => {
    fc.assert(
      fc.property(state, request, (before, asked) => {
        const order = { setCaching: 0, addPrincipals: 0, cachingKind: 1, principalsKind: 1 } as const;
        const stage = (each: string) => (each in order ? order[each as keyof typeof order] : 2);
        const kinds = planOverrides(before, asked).changes.map((change) => change.kind);
        for (const part of [/Caching|cachingKind/, /Principals|principalsKind/]) {
          const stages = kinds.filter((each) => part.test(each)).map(stage);
          expect(stages).toEqual(stages.toSorted());
        }
      }),
    );
  });

  it.each([
    [{ caching: { kind: "replace" } }, /^Everything is cached/],
    [{ caching: { kind: "replace", tables: { A: "1d" } } }, /^All data of tables without/],
    [{ caching: { kind: "replace", database: "0d" } }, /^Nothing is cached: /],
    [{ caching: { database: "0d" } }, /^Nothing is cached of tables/],
    [{ caching: { kind: "none", database: "1d" } }, /no effect/],
    [{ principals: { kind: "replace" } }, /no principals at all/],
    [{ principals: { kind: "none", add: [{ role: "users", principals: ["aadapp=1;t"] }] } }, /no effect/],
    [{ prefetch: true }, /less fresh/],
  ])("warn of what is seldom meant: %j", (more, warning) => {
    expect(planOverrides(noOverrides("union"), parsed(more)).warnings).toEqual([
      expect.stringMatching(warning),
    ]);
  });

  it("warn that dropping by address may leave nobody", () => {
    const before: OverrideState = {
      ...noOverrides("replace"),
      principals: { kind: "replace", listed: [{ role: "Admin", principal: "aaduser=1;t" }] },
    };
    const drop = [{ role: "admins", principals: ["aaduser=a@contoso.com"] }];
    const plan = planOverrides(before, parsed({ principals: { drop } }));
    expect(plan.changes).toHaveLength(1);
    expect(plan.warnings).toEqual([expect.stringMatching(/may be left without/)]);
  });

  it("refuse spans and principals that are none", () => {
    for (const more of [
      { caching: { database: "soon" } },
      { caching: { tables: { A: "-1d" } } },
      { principals: { add: [{ role: "viewers", principals: ["jill"] }] } },
      { principals: { add: [{ role: "owners", principals: ["aadapp=1"] }] } },
    ])
      expect(overrideRequestSchema.safeParse({ follower: FOLLOWER, database: "D", ...more }).success).toBe(
        false,
      );
  });
});
