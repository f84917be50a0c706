import { createRequire } from "node:module";

// Azurite reads its flags from the process's arguments. Here only so that it ends on what it doesn't catch.
process.on("uncaughtException", (error) => {
  process.stderr.write(`${error.stack ?? error.message}\n`);
  process.exit(1);
});
createRequire(import.meta.url)("azurite/dist/src/azurite.js");
