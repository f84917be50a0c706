import { exitWithParent } from "./exitWithParent.ts";

// Loaded by every child of the stack before its own code (childProcess.ts).
exitWithParent();
