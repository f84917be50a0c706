import type { Clock } from "./clock.ts";
import type { RequestContext } from "./request.ts";
import { TICKS_PER_DAY } from "./ticks.ts";

export interface IngestionFailure {
  readonly database: string;
  readonly table: string;
  readonly source: string;
  readonly details: string;
  readonly permanent: boolean;
  readonly operationKind: string;
  readonly errorCode: string;
  readonly operationId?: string;
  readonly fromUpdatePolicy?: boolean;
  readonly properties?: string;
  readonly numberOfSources?: number;
  readonly context?: RequestContext;
}

export interface RecordedFailure extends IngestionFailure {
  readonly failedOn: bigint;
}

export interface Failures {
  readonly record: (failure: IngestionFailure) => void;
  readonly list: () => readonly RecordedFailure[];
}

/** The ingestion failures of the last 14 days (`kusto/management/ingestion-failures.md`). */
export function createFailures(clock: Clock): Failures {
  let failures: RecordedFailure[] = [];
  return {
    record: (failure) => {
      const horizon = clock.now() - 14n * TICKS_PER_DAY;
      failures = [
        ...failures.filter((item) => item.failedOn >= horizon),
        { ...failure, failedOn: clock.now() },
      ];
    },
    list: () => failures,
  };
}
