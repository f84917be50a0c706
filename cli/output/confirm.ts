import { createInterface } from "node:readline/promises";
import { BadUse } from "./badUse.ts";
import type { Io } from "./io.ts";

/**
 * Asks before something is given up. Throws BadUse where nobody is there to answer: a script says --yes.
 */
export async function confirmed(io: Io, question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  if (!io.person) throw new BadUse(`${question} Nobody is there to answer: say --yes.`);
  const asked = createInterface({ input: io.input, output: process.stderr });
  try {
    return await new Promise<boolean>((resolve) => {
      // Ctrl-C and Ctrl-D are a no as well.
      asked.on("close", () => resolve(false));
      asked.on("SIGINT", () => asked.close());
      void asked.question(`${question} [y/N] `).then((answer) => resolve(/^\s*y(es)?\s*$/i.test(answer)));
    });
  } finally {
    asked.close();
  }
}
