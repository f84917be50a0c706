import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

// Azurite reads its flags from the process's arguments. Here only so that it ends on what it doesn't catch.
process.on("uncaughtException", (error) => {
  process.stderr.write(`${error.stack ?? error.message}\n`);
  process.exit(1);
});

// Its sweep of deleted content, each ten minutes, sorts all that it holds anew for each piece: of some ten thousand, as tests of
// minutes leave them, it answers nothing for minutes meanwhile. A local storage seldom lives for a day.
const SWEEP_EVERY_MS = 24 * 60 * 60 * 1000;
const constants: { DEFAULT_GC_INTERVAL_MS: number } = require("azurite/dist/src/blob/utils/constants.js");
constants.DEFAULT_GC_INTERVAL_MS = SWEEP_EVERY_MS;

require("azurite/dist/src/azurite.js");
