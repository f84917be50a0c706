/*
 * A wish to stop of the process that runs the copy itself: the command line's Ctrl-C. Deployed, nothing sets it.
 */

let wanted = false;

/** From the next look on, runs of this process end as `stopped`: what they did is in the log, and the next run goes on. */
export function askToStop(): void {
  wanted = true;
}

export function stopWanted(): boolean {
  return wanted;
}
