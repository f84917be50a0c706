import type { RequestContext } from "./request.ts";

export interface JournalEntry {
  readonly context: RequestContext;
  readonly kind: "query" | "command";
  readonly startedOn: bigint;
  readonly endedOn: bigint;
  readonly state: string;
  readonly failure: string;
  readonly commandType: string;
}

export interface Journal {
  readonly add: (entry: JournalEntry) => void;
  readonly list: () => readonly JournalEntry[];
}

const KEPT = 2_000;

/** The requests that `.show queries` and `.show commands` list, the newest last. */
export function createJournal(): Journal {
  const entries: JournalEntry[] = [];
  return {
    add: (entry) => {
      entries.push(entry);
      if (entries.length > KEPT) entries.splice(0, entries.length - KEPT);
    },
    list: () => entries,
  };
}
