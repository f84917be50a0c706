/** Runs tasks side by side up to a limit, in the order they came. */
export interface Slots {
  run(task: () => Promise<void>): void;
  readonly running: number;
  readonly waiting: number;
  /** Forgets what waits; what runs is left to end. */
  stop(): void;
}

export function createSlots(limit: number): Slots {
  const queue: (() => Promise<void>)[] = [];
  let running = 0;
  const pump = (): void => {
    while (running < limit) {
      const task = queue.shift();
      if (task === undefined) return;
      running++;
      void task().finally(() => {
        running--;
        pump();
      });
    }
  };
  return {
    run(task) {
      queue.push(task);
      pump();
    },
    get running() {
      return running;
    },
    get waiting() {
      return queue.length;
    },
    stop: () => {
      queue.length = 0;
    },
  };
}

const longestTimeout = 2 ** 31 - 1;

export interface Alarms {
  set(key: string, at: () => number, ring: () => void): void;
  stop(): void;
}

/** Timers by key, longer ones than a timeout can hold included. `at` gives the milliseconds that are left. */
export function createAlarms(): Alarms {
  const timeouts = new Map<string, NodeJS.Timeout>();
  const arm = (key: string, left: () => number, ring: () => void): void => {
    const timeout = setTimeout(
      () => {
        timeouts.delete(key);
        if (left() > 0) arm(key, left, ring);
        else ring();
      },
      Math.min(Math.max(left(), 0), longestTimeout),
    );
    timeouts.set(key, timeout);
  };
  return {
    set: arm,
    stop() {
      for (const timeout of timeouts.values()) clearTimeout(timeout);
      timeouts.clear();
    },
  };
}
