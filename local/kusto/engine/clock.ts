import { ticksOfMs } from "./ticks.ts";

/** The cluster's clock: ingestion times, creation times, retention, batching and the age of operations follow it. */
export interface Clock {
  readonly now: () => bigint;
  readonly nowMs: () => number;
  /** Waits real time, or until the clock is driven past the moment. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly set: (ms: number) => void;
  readonly advance: (seconds: number) => void;
  readonly freeze: (frozen: boolean) => void;
  readonly reset: () => void;
  readonly describe: () => { now: string; frozen: boolean };
  /** Lets every sleeper go at once, so that the process can end. */
  readonly stop: () => void;
}

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

export function createClock(): Clock {
  let offset = 0;
  let frozenAt: number | undefined;
  let last = 0n;
  const sleepers = new Set<Sleeper>();
  const real = (): number => performance.timeOrigin + performance.now();
  const nowMs = (): number => frozenAt ?? real() + offset;
  const wakeDue = (): void => {
    const now = nowMs();
    for (const sleeper of [...sleepers]) if (sleeper.due <= now) sleeper.wake();
  };
  const moveTo = (ms: number): void => {
    if (frozenAt !== undefined) frozenAt = ms;
    offset = ms - real();
    last = 0n;
    wakeDue();
  };
  return {
    nowMs,
    now: () => {
      const ticks = ticksOfMs(nowMs());
      // Two moments read one after the other never go backwards, whatever the timer's resolution.
      if (ticks > last) last = ticks;
      return last;
    },
    sleep: (ms) =>
      new Promise<void>((resolve) => {
        const sleeper: Sleeper = {
          due: nowMs() + ms,
          wake: () => {
            clearTimeout(timer);
            sleepers.delete(sleeper);
            resolve();
          },
        };
        const timer = setTimeout(sleeper.wake, ms);
        sleepers.add(sleeper);
      }),
    set: moveTo,
    advance: (seconds) => moveTo(nowMs() + seconds * 1000),
    freeze: (frozen) => {
      if (frozen) frozenAt = nowMs();
      else if (frozenAt !== undefined) {
        offset = frozenAt - real();
        frozenAt = undefined;
      }
    },
    reset: () => {
      frozenAt = undefined;
      offset = 0;
      last = 0n;
      wakeDue();
    },
    describe: () => ({ now: new Date(nowMs()).toISOString(), frozen: frozenAt !== undefined }),
    stop: () => {
      for (const sleeper of [...sleepers]) sleeper.wake();
    },
  };
}
