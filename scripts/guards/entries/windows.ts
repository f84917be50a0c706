import type { Guard } from "../guard.ts";

/** Windows and attempts: how they are cut and kept apart. */
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
        find: "`kc:${copyId}/${run}/${window}/${attempt}`",
        replace: "`kc:${copyId}/${run}/${window}`",
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
];
