import "../activities/index.ts";
import "../orchestrators/index.ts";
import { register } from "./api/route.ts";
import "./purgeTimer.ts";
import { ROUTES } from "./routes.ts";
import "./timer.ts";

register(ROUTES);
