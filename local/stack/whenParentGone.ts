/**
 * Calls back when the process that started this one is gone, if an npm script started it: a signal to `npm run` ends
 * npm and the shell that it runs scripts by, and the shell doesn't pass it on. A process that was started otherwise is
 * left alone: whoever starts it in the background of a shell means it to outlive that shell.
 */
export function whenParentGone(then: () => void, everyMilliseconds = 1000): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    then();
  }, everyMilliseconds);
  timer.unref();
}
