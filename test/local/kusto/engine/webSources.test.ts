import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cluster, startCluster } from "./cluster.ts";

let kusto: Cluster;
let server: Server;
let root = "";
const asked: (string | undefined)[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.headers.authorization);
    if (request.url === "/ext.csv" || request.url === "/a/b/ext.csv?v=1") response.end("1,one\n2,two\n");
    else response.writeHead(request.url === "/closed.csv" ? 403 : 404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  root = `http://127.0.0.1:${address.port}`;
  kusto = await startCluster();
});
afterAll(async () => {
  await kusto.stop();
  server.close();
});

test("files of a web server are read by queries and by ingestion, without credentials", async () => {
  for (const path of ["ext.csv", "a/b/ext.csv?v=1"]) {
    expect(await kusto.query(`externaldata(n:long, s:string)["${root}/${path}"]`)).toEqual([
      { n: 1, s: "one" },
      { n: 2, s: "two" },
    ]);
  }
  await kusto.command(".create table Web (n:long, s:string)");
  await kusto.command(`.ingest into table Web ('${root}/ext.csv')`);
  expect(await kusto.query("Web | count")).toEqual([{ Count: 2 }]);
  expect(asked.every((header) => header === undefined)).toBe(true);
});

test("what a web server refuses or doesn't have is said as Kusto says it, and nothing can be written there", async () => {
  expect(await kusto.failure(`externaldata(n:long)["${root}/none.csv"]`)).toMatchObject({
    code: "Download_SourceNotFound",
  });
  expect(await kusto.failure(`externaldata(n:long)["${root}/closed.csv"]`)).toMatchObject({
    code: "Download_Forbidden",
  });
  expect(await kusto.failure(`.export to csv ("${root}/folder") <| print 1`)).toMatchObject({
    message: expect.stringContaining("can only be read"),
  });
});
