import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Begins with the files that take minutes, so that none of them is left over at the end with one worker idle. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => moduleId.includes("/test/faults/");
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
