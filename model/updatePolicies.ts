import { z } from "zod";
import type { DisabledPolicy } from "./checkpoint/entries.ts";

/** The update policy objects of one table (`kusto/management/update-policy.md`), with whatever else Kusto keeps of them. */
const policiesSchema = z.array(
  z.looseObject({
    IsEnabled: z.boolean(),
    Source: z.string(),
    SourceIsWildCard: z.boolean().nullish(),
    Query: z.string(),
    IsTransactional: z.boolean().nullish(),
    PropagateIngestionProperties: z.boolean().nullish(),
    ManagedIdentity: z.string().nullish(),
  }),
);

type PolicyObject = z.infer<typeof policiesSchema>[number];

/** Update policies by the table that they write into. */
export type PoliciesByTable = ReadonlyMap<string, readonly PolicyObject[]>;

/** The parsed policies of a table. Throws where they have an unknown form. */
export function policiesOf(policy: unknown): readonly PolicyObject[] {
  return policiesSchema.nullable().parse(policy) ?? [];
}

/** The target of an enabled update policy that rows of one of these tables would run. */
export function triggeredTarget(policies: PoliciesByTable, names: readonly string[]): string | undefined {
  for (const [target, objects] of policies) if (isTriggered(objects, names)) return target;
  return undefined;
}

/** Whether rows of one of these tables would run one of the policies. */
export function isTriggered(objects: readonly PolicyObject[], names: readonly string[]): boolean {
  return objects.some((each) => runsOn(each, names));
}

/**
 * The policies as they are, and with those switched off that rows of these tables would run; nothing of tables whose policies
 * they wouldn't.
 */
export function switchedOff(policies: PoliciesByTable, names: readonly string[]): DisabledPolicy[] {
  return [...policies].flatMap(([table, objects]) =>
    isTriggered(objects, names)
      ? [
          {
            table,
            policy: textOf(objects),
            disabled: textOf(
              objects.map((each) => (runsOn(each, names) ? { ...each, IsEnabled: false } : each)),
            ),
          },
        ]
      : [],
  );
}

/** Whether one of these tables would run what a noted policy switched off. */
export function isNeeded(noted: DisabledPolicy, names: readonly string[]): boolean {
  const off = parsed(noted.disabled);
  return parsed(noted.policy).some((each, i) => runsOn(each, names) && off[i]?.IsEnabled === false);
}

/**
 * What a table's policies are now, by what was noted: as they were before, or as the copy set them; else somebody changed
 * them. The copy may have died before it switched all of them off.
 */
export function standing(noted: DisabledPolicy, now: readonly PolicyObject[]): "before" | "set" | "changed" {
  const before = parsed(noted.policy);
  const off = parsed(noted.disabled);
  if (now.length !== before.length) return "changed";
  const same = (each: PolicyObject, other: PolicyObject | undefined) =>
    other !== undefined && identity(each) === identity(other);
  if (now.every((each, i) => same(each, before[i]) && each.IsEnabled === before[i]?.IsEnabled))
    return "before";
  const ours = now.every(
    (each, i) =>
      same(each, before[i]) &&
      (each.IsEnabled === off[i]?.IsEnabled || each.IsEnabled === before[i]?.IsEnabled),
  );
  return ours ? "set" : "changed";
}

/** Kusto's own note of who set a policy can't be set (`kusto/management/update-policy.md`). */
function textOf(objects: readonly PolicyObject[]): string {
  return JSON.stringify(objects.map(({ OwnerPrincipalDetails: _, ...each }) => each));
}

function parsed(text: string): readonly PolicyObject[] {
  return policiesOf(JSON.parse(text));
}

function runsOn({ IsEnabled, Source, SourceIsWildCard }: PolicyObject, names: readonly string[]): boolean {
  if (!IsEnabled) return false;
  if (SourceIsWildCard !== true) return names.includes(Source);
  const pattern = Source.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const matching = new RegExp(`^${pattern.join(".*")}$`, "s");
  return names.some((name) => matching.test(name));
}

/** What a policy is but for being on or off, defaults filled in, in no order of Kusto's choosing. */
function identity(each: PolicyObject): string {
  return JSON.stringify([
    each.Source,
    each.SourceIsWildCard ?? false,
    each.Query,
    each.IsTransactional ?? false,
    each.PropagateIngestionProperties ?? false,
    each.ManagedIdentity ?? "",
  ]);
}
