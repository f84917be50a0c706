/** Guards of the protocol that the model can do without, to see what they are for. */
export type Mutation =
  /** The log is what its last writer says: nobody finds a number taken, and a stale run goes on. */
  | "no fence"
  /** Extents are moved first, and the log is told afterwards. */
  | "no intent"
  /** What is moved is all that carries the attempts' tags. */
  | "move by tag"
  /** What is moved is all that lies in the staging table. */
  | "move all"
  /** Ids that are not in staging are taken for moved. */
  | "no proof of arrival"
  /** Runs of a copy share their staging tables, one for each table of an iteration. */
  | "staging without the run"
  /** Runs and iterations of a copy share one staging table for each table. */
  | "one staging table"
  /** A clean-up takes what belongs to iterations planned later for left over, unless it knows them to be open. */
  | "sweep newer iterations"
  /** A clean-up drops staging tables and files of newer runs as well. */
  | "sweep newer runs"
  /** A replacement doesn't look into the log once more before it is made. */
  | "no late look"
  /** A promotion is taken back while what it would have moved still lies in staging. */
  | "take back in place"
  /** A replacement that is refused once is taken back. */
  | "one try"
  /** A window that can't be taken over, as it went while that was tried, is given up instead of copied again. */
  | "adopt once"
  /** The cluster may merge extents in staging. */
  | "merges in staging"
  /** Rows in staging are counted and not compared. */
  | "count only";
