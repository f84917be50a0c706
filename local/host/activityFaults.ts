import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

/** What can go wrong with the delivery of an activity: Durable Functions delivers it at least once. */
export const activityFaultSchema = z.strictObject({
  activity: z.string(),
  /** A regular expression that the input's JSON meets. */
  text: z.string().optional(),
  /**
   * `again`: its first answer is lost, and it runs once more. `together`: two workers have it at the same time.
   * `late`: it runs once more, `afterMs` after its answer was taken, and nobody hears of what that came to.
   */
  action: z.enum(["again", "together", "late"]),
  /** Which of the deliveries it strikes, counted from one. */
  nth: z.number().int().min(1).default(1),
  afterMs: z.number().min(0).default(1000),
});

export type ActivityFault = z.output<typeof activityFaultSchema>;

export interface ActivityFaults {
  readonly add: (fault: ActivityFault) => void;
  readonly clear: () => void;
  readonly list: () => (ActivityFault & { readonly struck: boolean })[];
  /** Runs an activity, as often as the faults want. */
  readonly deliver: (
    name: string,
    input: string | null,
    run: () => Promise<string | null>,
  ) => Promise<string | null>;
}

export function createActivityFaults(): ActivityFaults {
  let faults: { fault: ActivityFault; pattern: RegExp; met: number }[] = [];

  const take = (name: string, input: string): ActivityFault | undefined => {
    let found: ActivityFault | undefined;
    for (const each of faults) {
      if (each.fault.activity !== name || !each.pattern.test(input)) continue;
      each.met += 1;
      if (each.met === each.fault.nth) found ??= each.fault;
    }
    return found;
  };

  return {
    add: (fault) => faults.push({ fault, pattern: new RegExp(fault.text ?? ""), met: 0 }),
    clear: () => {
      faults = [];
    },
    list: () => faults.map(({ fault, met }) => ({ ...fault, struck: met >= fault.nth })),
    deliver: async (name, input, run) => {
      const fault = take(name, input ?? "");
      switch (fault?.action) {
        case undefined:
          return run();
        case "again":
          await run();
          return run();
        case "together": {
          const [first] = await Promise.all([run(), run()]);
          return first;
        }
        case "late": {
          const answer = await run();
          void sleep(fault.afterMs)
            .then(run)
            .catch(() => undefined);
          return answer;
        }
      }
    },
  };
}
