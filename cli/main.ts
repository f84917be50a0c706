#!/usr/bin/env node
/*
 * The command's entry: nothing that needs a newer Node, and nothing that takes time, is loaded before the two checks.
 */

// Connection strings may have come as arguments: they stand in the process list no longer than it takes to get here.
process.title = "kusto-copy";

const NEEDED = 22;
const major = Number(process.versions.node.split(".")[0]);

if (major < NEEDED) {
  process.stderr.write(
    `kusto-copy needs Node ${NEEDED} or newer, and this is Node ${process.versions.node}: install it from https://nodejs.org, then run the command again.\n`,
  );
  process.exitCode = 2;
} else {
  const { run } = await import("./program/run.ts");
  const code = await run(process.argv.slice(2));
  process.exitCode = code;
  // Whoever interrupted it waits for no query that is still on its way: it changes nothing, or the log knows of it.
  if (code === 130) process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
}
