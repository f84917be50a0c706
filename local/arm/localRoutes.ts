import { z } from "zod";
import type { Arm, ArmAnswer } from "./arm.ts";
import { ArmError, readBody } from "./armError.ts";
import { faultSchema } from "./faults.ts";
import { foreignFollowerSchema } from "./state.ts";

const clusterSchema = z.strictObject({
  name: z.string(),
  location: z.string().min(1).optional(),
  enableStreamingIngest: z.boolean().optional(),
});

/** What tests and trials ask of the resource manager itself: faults, regions, followers that aren't clusters. */
export function answerLocal(arm: Arm, method: string, path: string, body: unknown): ArmAnswer {
  switch (`${method} ${path}`) {
    case "GET /local/faults":
      break;
    case "POST /local/faults":
      arm.faults.add(readBody(faultSchema, body));
      break;
    case "DELETE /local/faults":
      arm.faults.clear();
      break;
    case "GET /local/clusters":
      return { status: 200, body: arm.state.clusters() };
    case "POST /local/clusters": {
      const { name, location, enableStreamingIngest } = readBody(clusterSchema, body);
      arm.state.cluster(name, { subscription: "", resourceGroup: "local" });
      arm.state.changeCluster(name, {
        ...(location === undefined ? {} : { location }),
        ...(enableStreamingIngest === undefined ? {} : { enableStreamingIngest }),
      });
      return { status: 200, body: arm.state.clusters() };
    }
    case "POST /local/followers":
      arm.state.setForeign([...arm.state.foreign(), readBody(foreignFollowerSchema, body)]);
      return { status: 200, body: arm.state.foreign() };
    case "DELETE /local/followers":
      arm.state.setForeign([]);
      return { status: 200, body: [] };
    default:
      throw new ArmError(
        404,
        "NotFound",
        `${method} ${path} isn't a request that the local resource manager knows.`,
      );
  }
  return { status: 200, body: arm.faults.list() };
}
