import { CommanderError } from "commander";
import { describe } from "../../model/errors.ts";
import { BadUse } from "../output/badUse.ts";
import { EXIT, type ExitCode } from "../output/exitCodes.ts";
import { processIo } from "../output/io.ts";
import { canonical, withVerb } from "./forms.ts";
import { buildProgram } from "./program.ts";

/** Runs a call of the command, and answers its exit code. Whatever goes wrong is one sentence on stderr. */
export async function run(args: readonly string[]): Promise<ExitCode> {
  const io = processIo();
  // A reader that goes away, as `| head` does, is no failure of the copy's.
  io.out.on("error", (error) => {
    if ("code" in error && error.code === "EPIPE") process.exit(EXIT.done);
    throw error;
  });
  let code: ExitCode = EXIT.done;
  const program = buildProgram(io, (given) => {
    code = given;
  });
  try {
    await program.parseAsync(canonical(withVerb(args)), { from: "user" });
    return code;
  } catch (error) {
    // Commander has said what is wrong, or shown the help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.badUse;
    if (error instanceof BadUse) {
      io.err.write(`kusto-copy: ${describe(error)}\n`);
      return EXIT.badUse;
    }
    // Loaded where it is needed, as it brings Azure's libraries along.
    const { storageFailure } = await import("../../lake/failure.ts");
    io.err.write(`kusto-copy: ${describe(storageFailure(error))}\n`);
    return EXIT.failed;
  }
}
