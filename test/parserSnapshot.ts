import { makeParserSnapshot } from "../local/stack/parserSnapshot.ts";

/** Some hundred local Kustos are started by the tests: without a snapshot they work as well, and take longer to come. */
export async function setup(): Promise<void> {
  try {
    await makeParserSnapshot();
  } catch (error) {
    process.stderr.write(`The local Kustos start without a snapshot of their parser: ${String(error)}\n`);
  }
}
