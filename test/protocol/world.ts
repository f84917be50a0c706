import type { EntryKind, EntryOf } from "../../model/checkpoint/entries.ts";
import type { Flight } from "../../model/schedule.ts";
import type { Ref } from "./ledger.ts";

/** Rows that lie together at the destination; the id is never given a second time. */
export interface Extent {
  readonly id: string;
  readonly rows: readonly string[];
  readonly tags: readonly string[];
}

/** One blob on its way through queued ingestion, with the one row that it holds. */
export interface Message {
  readonly staging: string;
  readonly tag: string;
  readonly folder: string;
  readonly row: string;
}

export interface Staging {
  readonly name: string;
  readonly extents: readonly Extent[];
}

/** What a promotion answers, as the entry says it. */
export type Promoted = Pick<EntryOf<"promoted">, "windows" | "stopped" | "withdrawn">;

/** An activity under way, between two of its requests. */
export type Call =
  | {
      readonly do: "append";
      readonly to: Ref;
      readonly kind: EntryKind;
      readonly iteration: number;
      /** What the entry says, in plain words. */
      readonly says: string;
    }
  | { readonly do: "prepare"; readonly iteration: number }
  | { readonly do: "export" | "look" | "verify"; readonly flight: Flight }
  | { readonly do: "ingest"; readonly flight: Flight; readonly posted: number }
  | { readonly do: "adopt"; readonly flight: Flight; readonly there: boolean }
  | {
      readonly do: "promote";
      readonly iteration: number;
      readonly at:
        | "staged"
        | "gone"
        | "tags"
        | "drops"
        | "log"
        | "move"
        | "refused"
        | "late"
        | "discard"
        | "discarded";
      readonly found: readonly string[];
      readonly drop: readonly string[];
      /** Which try of a replacement it is; of a move there is one. */
      readonly tries: number;
    }
  | {
      readonly do: "clean";
      readonly iteration: number;
      readonly at: "list" | "tags" | "drop" | "files";
      readonly names: readonly string[];
    };

/** A run as its orchestration knows it. `view` is the log up to the last entry that it wrote. */
export interface Run {
  readonly name: string;
  readonly id: number;
  readonly view: Ref;
  readonly backfillPlanned: boolean;
  readonly forwardOwed: boolean;
  readonly prepared: readonly number[];
  readonly toClean: readonly number[];
  readonly flight: Flight | null;
  readonly moved: Promoted | null;
  readonly cancelled: boolean;
  readonly call: Call | null;
}

/** The second delivery of an activity: its answer reaches nobody. */
export interface Ghost {
  readonly name: string;
  readonly id: number;
  readonly view: Ref;
  readonly call: Call;
}

/** All there is, in one moment. */
export interface World {
  readonly log: Ref;
  readonly runs: readonly Run[];
  readonly ghost: Ghost | null;
  readonly staging: readonly Staging[];
  readonly table: readonly Extent[];
  /** Folders of attempts that hold files. */
  readonly files: readonly string[];
  readonly queue: readonly Message[];
  /** Extents that were made so far: their ids are never given again. */
  readonly made: number;
  readonly faults: number;
  /** Rows that somebody else dropped from the destination's table, where they had been shown. */
  readonly dropped: readonly string[];
  /**
   * Whether somebody else dropped anything; or a message or a second delivery came so late that it made a discarded staging table
   * again, which looks the same where the run that discarded it died before it could say so: the table is stopped, which is safe.
   */
  readonly outside: boolean;
  /** Staging tables that a promotion which was taken back dropped. */
  readonly discarded: readonly string[];
  /** Faults have stopped, and the source got its last batch. */
  readonly settling: boolean;
}

/** Text of a world: equal worlds have equal texts. */
export function keyOf(world: World): string {
  return JSON.stringify(world);
}

/** One thing that can happen, in plain words, and the world after it. */
export interface Step {
  readonly says: string;
  readonly world: World;
}
