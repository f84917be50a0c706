import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

/** What can go wrong with the delivery of an activity: Durable Functions delivers it at least once. */
export const activityFaultSchema = z.strictObject({
  activity: z.string(),
  /** A regular expression that the input's JSON meets. */
  text: z.string().optional(),
  /**
   * `again`: its first answer is lost, and it runs once more. `together`: two workers have it at the same time.
   * `late`: it runs once more, `afterMs` after its answer was taken, and nobody hears of what that came to. `held`: the same,
   * when what is held is let go.
   */
  action: z.enum(["again", "together", "late", "held"]),
  /** Which of the deliveries it strikes, counted from one. */
  nth: z.number().int().min(1).default(1),
  afterMs: z.number().min(0).default(1000),
});

export type ActivityFault = z.output<typeof activityFaultSchema>;

export interface ActivityFaults {
  readonly add: (fault: ActivityFault) => void;
  readonly clear: () => void;
  /** Lets the deliveries go that are held by now. */
  readonly release: () => void;
  /** `over`: it has struck, and every delivery that it made has ended. */
  readonly list: () => (ActivityFault & { readonly struck: boolean; readonly over: boolean })[];
  /** Runs an activity, as often as the faults want. */
  readonly deliver: (
    name: string,
    input: string | null,
    run: () => Promise<string | null>,
  ) => Promise<string | null>;
}

export function createActivityFaults(): ActivityFaults {
  interface Item {
    readonly fault: ActivityFault;
    readonly pattern: RegExp;
    met: number;
    over: boolean;
  }
  let faults: Item[] = [];
  let held: (() => void)[] = [];

  const take = (name: string, input: string): Item | undefined => {
    let found: Item | undefined;
    for (const each of faults) {
      if (each.fault.activity !== name || !each.pattern.test(input)) continue;
      each.met += 1;
      if (each.met === each.fault.nth) found ??= each;
    }
    return found;
  };

  return {
    add: (fault) => faults.push({ fault, pattern: new RegExp(fault.text ?? ""), met: 0, over: false }),
    clear: () => {
      faults = [];
    },
    release: () => {
      for (const go of held) go();
      held = [];
    },
    list: () => faults.map(({ fault, met, over }) => ({ ...fault, struck: met >= fault.nth, over })),
    deliver: async (name, input, run) => {
      const item = take(name, input ?? "");
      if (item === undefined) return run();
      const over = () => {
        item.over = true;
      };
      switch (item.fault.action) {
        case "again":
          try {
            await run();
            return await run();
          } finally {
            over();
          }
        case "together": {
          const both = await Promise.allSettled([run(), run()]);
          over();
          const [first] = both;
          if (first.status === "rejected") throw first.reason;
          return first.value;
        }
        case "late":
        case "held": {
          const { action, afterMs } = item.fault;
          const first = run();
          void first
            .then(() => (action === "late" ? sleep(afterMs) : new Promise<void>((go) => held.push(go))))
            .then(run)
            .catch(() => undefined)
            .finally(over);
          return first;
        }
      }
    },
  };
}
