import { createRequire } from "node:module";
import { exitWithParent } from "./exitWithParent.ts";

// Azurite reads its flags from the process's arguments; around it only: that it goes when its parent goes.
exitWithParent();
process.on("uncaughtException", (error) => {
  process.stderr.write(`${error.stack ?? error.message}\n`);
  process.exit(1);
});
createRequire(import.meta.url)("azurite/dist/src/azurite.js");
