/** Amounts that grew over the last moments. */
export interface Speed {
  /** Takes in what the amounts are now (milliseconds), and answers their growth per second. */
  readonly at: (now: number, rows: number, bytes: number, steps: number) => Rates;
}

export interface Rates {
  readonly rows: number;
  readonly bytes: number;
  readonly steps: number;
}

/** Long enough to span the waves in which windows end, short enough to follow a cluster that slows down. */
const SPAN_MS = 30_000;

/** Speed over the last half minute. Amounts that shrink, as a failed attempt's, count as no growth. */
export function createSpeed(): Speed {
  let seen: { now: number; rows: number; bytes: number; steps: number }[] = [];
  return {
    at: (now, rows, bytes, steps) => {
      seen = [...seen.filter((each) => now - each.now <= SPAN_MS), { now, rows, bytes, steps }];
      const first = seen[0];
      const seconds = first === undefined ? 0 : (now - first.now) / 1000;
      if (first === undefined || seconds < 0.2) return { rows: 0, bytes: 0, steps: 0 };
      const rate = (from: number, to: number) => Math.max(0, to - from) / seconds;
      return {
        rows: rate(first.rows, rows),
        bytes: rate(first.bytes, bytes),
        steps: rate(first.steps, steps),
      };
    },
  };
}
