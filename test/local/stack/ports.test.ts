import { createServer } from "node:net";
import { expect, test } from "vitest";
import { checkPorts, freePorts, portsFromEnvironment } from "../../../local/stack/ports.ts";

test("each port can be set by its variable, and is where it is documented otherwise", () => {
  expect(portsFromEnvironment({})).toEqual({
    functions: 7071,
    sourceKusto: 8080,
    destinationKusto: 8081,
    arm: 8082,
    events: 8083,
    leader2Kusto: 8084,
    blob: 10000,
    queue: 10001,
    table: 10002,
    lake: 10003,
  });
  expect(portsFromEnvironment({ LAKE_PORT: "20003", SOURCE_KUSTO_PORT: "" })).toMatchObject({
    lake: 20003,
    sourceKusto: 8080,
  });
});

test("a port that is none is refused, with the variable's name", () => {
  expect(() => portsFromEnvironment({ ARM_PORT: "http" })).toThrow(/ARM_PORT/);
  expect(() => portsFromEnvironment({ ARM_PORT: "70000" })).toThrow(/ARM_PORT/);
});

test("a port in use is told with its number and the variable that moves it", async () => {
  const ports = await freePorts();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(ports.lake, "127.0.0.1", resolve));
  try {
    await expect(checkPorts(ports, ["blob", "lake"])).rejects.toThrow(new RegExp(`${ports.lake}.*LAKE_PORT`));
    await checkPorts(ports, ["blob"]);
  } finally {
    server.close();
  }
});

test("one port for two is refused", async () => {
  const ports = await freePorts();
  await expect(checkPorts({ ...ports, queue: ports.blob }, ["blob", "queue"])).rejects.toThrow(
    /BLOB_PORT.*QUEUE_PORT/,
  );
});
