import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Cron } from "croner";
import { z } from "zod";
import type { AppFunction } from "./app.ts";
import { createAlarms } from "./durable/scheduler.ts";
import { withSettings } from "./settings.ts";

const timerTriggerSchema = z.looseObject({
  schedule: z.string(),
  runOnStartup: z.boolean().optional(),
  useMonitor: z.boolean().optional(),
});

const statusSchema = z.record(
  z.string(),
  z.object({ last: z.string(), next: z.string(), lastUpdated: z.string() }),
);
type ScheduleStatuses = z.infer<typeof statusSchema>;

export interface Timers {
  stop(): void;
}

/**
 * Runs timer triggers at their NCRONTAB times (six fields, UTC). A run that lasts past the next time skips it,
 * as the host's singleton does; a time missed while no host ran is made up for once, with `isPastDue`.
 */
export function startTimers(
  functions: readonly AppFunction[],
  statusFile: string | null,
  run: (item: AppFunction, request: object) => Promise<void>,
): Timers {
  const alarms = createAlarms();
  const statuses = readStatuses(statusFile);
  let stopped = false;
  for (const item of functions) {
    const trigger = timerTriggerSchema.parse(item.trigger);
    const cron = cronOf(item.name, withSettings(trigger.schedule));
    const call = async (isPastDue: boolean): Promise<void> => {
      const last = new Date();
      const next = nextTime(cron, last);
      const request = timerRequest(statuses[item.name]?.last ?? last.toISOString(), next, last, isPastDue);
      await run(item, request);
      statuses[item.name] = {
        last: last.toISOString(),
        next: next.toISOString(),
        lastUpdated: last.toISOString(),
      };
      writeStatuses(statusFile, statuses);
    };
    const arm = (): void => {
      if (stopped) return;
      const at = nextTime(cron, new Date()).getTime();
      alarms.set(
        item.name,
        () => at - Date.now(),
        () => void call(false).finally(arm),
      );
    };
    const missed = statuses[item.name];
    const isPastDue = missed !== undefined && Date.parse(missed.next) < Date.now();
    if (isPastDue || trigger.runOnStartup === true) void call(isPastDue).finally(arm);
    else arm();
  }
  return {
    stop() {
      stopped = true;
      alarms.stop();
    },
  };
}

/** Throws where the schedule isn't one of six fields. */
export function cronOf(name: string, schedule: string): Cron {
  if (schedule.trim().split(/\s+/).length !== 6) {
    throw new Error(
      `Function '${name}': the schedule '${schedule}' is not an NCRONTAB expression of six fields, the first for seconds.`,
    );
  }
  return new Cron(schedule, { timezone: "UTC", mode: "6-part", domAndDow: true, paused: true });
}

function nextTime(cron: Cron, after: Date): Date {
  const next = cron.nextRun(after);
  if (next === null) throw new Error("The schedule has no next time.");
  return next;
}

/** What the host sends: the library puts the names in camel case for the function. */
function timerRequest(last: string, next: Date, updated: Date, isPastDue: boolean): object {
  const offset = (text: string): string => text.replace(/Z$/, "+00:00");
  return {
    Schedule: { AdjustForDST: true },
    ScheduleStatus: {
      Last: offset(last),
      Next: offset(next.toISOString()),
      LastUpdated: offset(updated.toISOString()),
    },
    IsPastDue: isPastDue,
  };
}

function readStatuses(file: string | null): ScheduleStatuses {
  if (file === null || !existsSync(file)) return {};
  return statusSchema.parse(JSON.parse(readFileSync(file, "utf8")));
}

function writeStatuses(file: string | null, statuses: ScheduleStatuses): void {
  if (file === null) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(statuses));
}
