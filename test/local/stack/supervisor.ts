import { startStack } from "../../../local/stack/stack.ts";

// Started by a test, and killed by it.
const stack = await startStack({ host: false });
process.stdout.write(`${JSON.stringify({ pids: Object.values(stack.pids), workspace: stack.workspace })}\n`);
