import type { Guard } from "../guard.ts";

const ATTEMPTS = "test/activities/attempts.test.ts";
const PREPARE = "activities/destination/prepareDestination.ts";

/** Windows and attempts: how they are cut, kept apart, and compared. */
export const windowGuards: readonly Guard[] = [
  {
    name: "attempt folders",
    promise: "Each attempt at an export has a folder of its own.",
    edits: [{ file: "model/naming.ts", find: ")}/${window}/${attempt}`;", replace: ")}/${window}`;" }],
    tests: [
      {
        file: "test/model/naming.test.ts",
        name: "no two attempts share a tag or a folder, and none of them lies in another's folder",
      },
    ],
  },
  {
    name: "attempt tags",
    promise: "What an attempt ingested carries a tag of that attempt alone.",
    edits: [
      {
        file: "model/naming.ts",
        find: "${run}/${window}/${attempt}`",
        replace: "${run}/${window}`",
      },
    ],
    tests: [{ file: "test/model/naming.test.ts", name: "no two attempts share a tag or a folder" }],
  },
  {
    name: "windows partition time",
    promise: "Every row falls into exactly one window, whatever was counted.",
    edits: [
      {
        file: "model/planWindows.ts",
        find: "...(i === 0 ? {} : { from: isoFromTicks(group.start) }),",
        replace: "from: isoFromTicks(group.start),",
      },
    ],
    tests: [
      {
        file: "test/model/planWindows.test.ts",
        name: "the windows partition the whole time line: any tick, counted or not, falls into exactly one",
      },
    ],
  },
  {
    name: "a folder for each delivery",
    promise: "An export that is begun twice writes into two folders.",
    edits: [
      {
        file: "activities/window/startExport.ts",
        find: '/${randomBytes(4).toString("hex")}`;',
        replace: "`;",
      },
    ],
    tests: [
      { file: ATTEMPTS, name: "takes the files that its export names, and no other that lies in its folder" },
    ],
  },
  {
    name: "files of the operation",
    promise: "Files come from the operation's details, never from a listing.",
    edits: [
      {
        file: "activities/window/measureExport.ts",
        find: "const names = files.map((file) => fileName(file.Path, folder, context));",
        replace: "const names = [...sizes.keys()];",
      },
    ],
    tests: [
      { file: ATTEMPTS, name: "takes the files that its export names, and no other that lies in its folder" },
    ],
  },
  {
    name: "rows of an export",
    promise: "An export that has not the rows of its window at the source is done again.",
    edits: [
      {
        file: "activities/window/measureExport.ts",
        find: "if (exported !== measured.content.rows) {",
        replace: "if (exported < 0) {",
      },
    ],
    tests: [{ file: ATTEMPTS, name: "is given up where the source's rows went while it was exported" }],
  },
  {
    name: "duplicates",
    promise: "What is delivered twice is seen by the rows in staging.",
    edits: [
      { file: "activities/window/pollOperations.ts", find: "if (rows > wanted)", replace: "if (rows < 0n)" },
    ],
    tests: [{ file: ATTEMPTS, name: "is given up where a file was delivered twice, by the rows in staging" }],
  },
  {
    name: "content hash",
    promise: "What arrived is compared by content, and a difference is never promoted.",
    edits: [
      {
        file: "activities/window/verifyStaged.ts",
        find: "return a.rows === b.rows && a.hash === b.hash;",
        replace: "return a.rows === b.rows;",
      },
    ],
    tests: [
      {
        file: ATTEMPTS,
        name: "is given up where what arrived has the rows and not the content of what was exported",
      },
    ],
  },
  {
    name: "no merging in staging",
    promise: "Extents in staging keep their ids until they are moved.",
    edits: [
      {
        file: PREPARE,
        find: `      await destination.command(
        database,
        alterMergePolicy(name, { allowMerge: false, allowRebuild: false }),
        IDEMPOTENT,
      );
`,
        replace: "",
      },
    ],
    tests: [{ file: ATTEMPTS, name: "keeps its very extents in staging, however old" }],
  },
  {
    name: "no retention in staging",
    promise: "Old rows stay in staging until they are moved.",
    edits: [
      {
        file: PREPARE,
        find: "await destination.command(database, alterRetentionPolicy(name), IDEMPOTENT);",
        replace: "",
      },
    ],
    tests: [{ file: ATTEMPTS, name: "keeps its very extents in staging, however old" }],
  },
  {
    name: "another delivery's taking over",
    promise: "A window that another delivery took over first is copied again, and parks no table.",
    edits: [
      {
        file: "activities/window/adoptStaged.ts",
        find: "if (isOfOneTable(error) && (await lookUp()).length < extents.length) throw gone(error);",
        replace: "",
      },
    ],
    tests: [{ file: ATTEMPTS, name: "where another delivery took over its staged rows first" }],
  },
  {
    name: "taken over once",
    promise:
      "What a run has verified in its own staging keeps its ids, however late its taking over is delivered again.",
    edits: [
      { file: "activities/window/adoptStaged.ts", find: "if (old === staging)", replace: 'if (old === "")' },
    ],
    tests: [{ file: ATTEMPTS, name: "stays in staging under its very ids once it was taken over" }],
  },
  {
    name: "staging tables by run",
    promise: "A run ingests into staging tables of its own.",
    edits: [
      {
        file: "model/naming.ts",
        find: "${copyId}_${run}_${iteration}_${table}`",
        replace: "${copyId}_0_${iteration}_${table}`",
      },
    ],
    tests: [{ file: ATTEMPTS, name: "lands where nobody looks once another run has taken over" }],
  },
];
