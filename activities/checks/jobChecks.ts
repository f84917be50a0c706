import { readCaller, whoAmI } from "../../kusto/commands/access.ts";
import { readControl } from "../../lake/control.ts";
import type { Job } from "../../model/job.ts";
import { clientsOf } from "../environment.ts";
import { type CheckOf, cantTell, warn, well } from "./runChecks.ts";

/** What concerns both ends together. */
export function jobChecks(job: Job): CheckOf[] {
  const { source, destination, lake } = clientsOf(job);
  return [
    {
      name: "tenants",
      why: "An identity of one tenant is unknown in another, unless it was invited or given roles by its full name; and a managed identity never leaves its own.",
      fix: "Give each end a connection string with an identity of its tenant (AppClientId, AppKey or AppCert, Authority Id).",
      refused: "unknown",
      look: async () => {
        const [from, to] = await Promise.all([
          source.query(job.source.database, whoAmI()).then(readCaller),
          destination.query(job.destination.database, whoAmI()).then(readCaller),
        ]);
        if (!from?.tenant || !to?.tenant)
          return cantTell("One of the clusters doesn't tell the tenant of who asks.");
        if (from.tenant === to.tenant)
          return well(`Both ends know this process by an identity of tenant ${from.tenant}.`);
        return warn(
          `The source knows this process by an identity of tenant ${from.tenant}, and the destination by one of ${to.tenant}.`,
        );
      },
    },
    {
      name: "asked to run",
      why: "A copy that was paused or cancelled does nothing until it is resumed.",
      fix: "kusto-copy resume, or POST /api/copies/{id}/resume.",
      look: async () => {
        const { wanted, asked } = await readControl(lake);
        if (wanted === "run") return well("Nobody asked it to pause or to end.");
        return warn(`It was asked to ${wanted}${asked ? ` by ${asked.by} at ${asked.at}` : ""}.`);
      },
    },
  ];
}
