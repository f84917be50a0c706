import { rmSync } from "node:fs";

/** Names the folder that lives as long as the stack: the last process to go removes it when the parent can't. */
export const workspaceVariable = "KUSTO_COPY_LOCAL_WORKSPACE";

let watching = false;

/**
 * Ends this process when its parent is gone, however that went: the channel that the parent opened at the start is
 * closed by the operating system even when the parent was killed. The children of the stack have it by preload.ts;
 * a process that they start themselves calls it, and is started with a channel (`fork`, or `ipc` in its `stdio`).
 *
 * First the process gets the signal that it handles anyway (SIGTERM); if it hasn't gone after the grace, it exits.
 * A process that nobody started with a channel is left alone: it was started by hand.
 */
export function exitWithParent(graceMilliseconds = 3000): void {
  if (watching) return;
  if (process.channel === undefined || process.channel === null) return;
  watching = true;
  const workspace = process.env[workspaceVariable];
  process.on("disconnect", () => {
    if (workspace !== undefined)
      process.on("exit", () => rmSync(workspace, { recursive: true, force: true }));
    setTimeout(() => process.exit(1), graceMilliseconds).unref();
    if (process.listenerCount("SIGTERM") > 0) process.kill(process.pid, "SIGTERM");
    else process.exit(1);
  });
  // The channel alone doesn't keep a process that has nothing left to do.
  process.channel.unref();
}
