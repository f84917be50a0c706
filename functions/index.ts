import "../activities/index.ts";
import "../orchestrators/index.ts";
import "./getCopies.ts";
import "./health.ts";
import "./postCopies.ts";
import "./purgeTimer.ts";
import "./reports.ts";
import "./timer.ts";
