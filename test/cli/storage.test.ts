import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { command } from "./command.ts";
import { ENDS, plain } from "./lines.ts";

describe("over a storage that answers", { timeout: 20_000 }, () => {
  let server: Server;
  let folder: string[];
  let refuses = (_path: string) => false;
  beforeAll(async () => {
    server = createServer(({ url = "" }, answer) => {
      const [status, code] = refuses(url) ? [403, "AuthorizationFailure"] : [404, "BlobNotFound"];
      const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>No.\nRequestId:1</Message></Error>`;
      answer.writeHead(status, { "content-type": "application/xml", "x-ms-error-code": code }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("The server has no port.");
    folder = [
      "-l",
      `http://127.0.0.1:${address.port}/account/copy/folder;${Buffer.from("key").toString("base64")}`,
    ];
  });
  afterAll(() => server.close());

  it.each(["status", "pause", "cancel"])(
    "the command line of a copy goes on working with %s",
    async (verb) => {
      refuses = () => false;
      const line = [...folder, ...ENDS, "--rpo", "5m", "--tables-include", "A", "--continuous", "-v", "-y"];
      const { code, stdout, stderr } = await command([verb, ...line]);
      expect(stderr).not.toContain("unknown option");
      expect(stdout + stderr).toMatch(/nothing was copied into this folder yet|holds no copy/);
      expect(code).toBe(verb === "status" ? 1 : 2);
    },
  );

  it("a refusal of a later look is told as that of the first: what, where, and what to do", async () => {
    refuses = (path) => path.includes("control");
    const { code, stdout, stderr } = await command(["status", ...folder]);
    expect(stderr).toMatch(/Storage answered 403: AuthorizationFailure.*copy.*Storage Blob Data Contributor/);
    plain(stderr);
    expect(stderr).not.toMatch(/RequestId|RestError/);
    expect([code, stdout]).toEqual([1, ""]);
  });
});
