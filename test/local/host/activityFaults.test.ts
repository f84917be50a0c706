import { expect, it } from "vitest";
import { activityFaultSchema, createActivityFaults } from "../../../local/host/activityFaults.ts";
import { until } from "../../copy/drive.ts";

it.each(["again", "together", "late", "held"])(
  "a fault (%s) is over though the activity that it strikes fails",
  async (action) => {
    const faults = createActivityFaults();
    faults.add(activityFaultSchema.parse({ activity: "work", action, afterMs: 1 }));
    const failing = faults.deliver("work", null, () => Promise.reject(new Error("It broke.")));
    await expect(failing).rejects.toThrow("It broke.");
    await until("it isn't over", async () => faults.list()[0]?.over === true);
  },
);

it("what is held is delivered again once it is let go, and not before", async () => {
  const faults = createActivityFaults();
  faults.add(activityFaultSchema.parse({ activity: "work", action: "held" }));
  let runs = 0;
  const work = async () => {
    runs += 1;
    return String(runs);
  };
  expect(await faults.deliver("work", null, work)).toBe("1");
  // Whoever delivered something else meanwhile waits for nothing.
  expect(await faults.deliver("work", null, work)).toBe("2");
  expect(faults.list()).toMatchObject([{ struck: true, over: false }]);
  faults.release();
  await until("it wasn't delivered", async () => faults.list()[0]?.over === true);
  expect(runs).toBe(3);
});
