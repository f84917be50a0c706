import { ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { runCopy } from "../../local/demo/api.ts";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { addFault, bodyOf, createIdTable, loadIds } from "./drive.ts";
import { type ExtraHost, startExtraHost } from "./hosts.ts";
import { type CopyStack, cursorsGiven, startCopyStack } from "./support.ts";

/** A signature that a cluster might repeat in what it says of a failure. */
const ECHOED = "sEcReTsIgNaTuRe0123456789abcdef";

/** One of each kind that a connection string may hold, in the words in which a service might repeat it. */
const PLANTED = {
  applicationKey: "Pl4nt~Application.Key-0123456789",
  password: "Pl4ntPassword!0123",
  opaqueToken: "Pl4ntOpaqueToken0123456789",
  entraToken: "eyJ0eXAiOiJQbDRudCJ9.eyJhdWQiOiJQbDRudCJ9.UGw0bnRTaWduYXR1cmU",
  accountKey: `${"Pl4nt+Key/".repeat(8)}Pl4ntK==`,
  signature: "Pl4ntSignature0123456789abcdef%3D",
  certificate: "UGw0bnRDZXJ0aWZpY2F0ZQ",
  privateKey: "UGw0bnRQcml2YXRlS2V5",
};
const PEM = [
  `-----BEGIN CERTIFICATE-----\n${PLANTED.certificate}\n-----END CERTIFICATE-----`,
  `-----BEGIN PRIVATE KEY-----\n${PLANTED.privateKey}\n-----END PRIVATE KEY-----`,
].join("\n");

const CONNECTIONS = [
  `https://a.kusto.windows.net;AppClientId=i;AppKey=${PLANTED.applicationKey};Authority Id=t`,
  `https://b.kusto.windows.net;User ID=u;Password=${PLANTED.password}`,
  `https://c.kusto.windows.net;UserToken=${PLANTED.opaqueToken}`,
  `https://d.kusto.windows.net;ApplicationToken=${PLANTED.entraToken}`,
  `https://e.kusto.windows.net;AppClientId=i;Authority Id=t;Application Certificate PrivateKey="${PEM}"`,
  `https://a.blob.core.windows.net/c/f;${PLANTED.accountKey}`,
  `https://b.blob.core.windows.net/c/f?sv=2024-01-01&sp=rw&sig=${PLANTED.signature}`,
  `https://c.dfs.core.windows.net/c/f;token=${PLANTED.entraToken}`,
  `https://d.dfs.core.windows.net/c/f;AppClientId=i;AppKey=${PLANTED.applicationKey};Authority Id=t`,
];

describe("no secret", () => {
  let copies: CopyStack;
  let host: ExtraHost;

  beforeAll(async () => {
    copies = await startCopyStack({ host: false });
    await createIdTable(copies.source, "Samples", "Events");
    await createIdTable(copies.source, "Samples", "Refused");
    for (const table of ["Events", "Refused"])
      await loadIds(copies.stack.urls.sourceKusto, "Samples", table, [0, 50]);
    await cursorsGiven();
    const said = `Access to 'http://127.0.0.1/c/f?sv=2024-01-01&sig=${ECHOED}&sp=rw' was denied: ${CONNECTIONS.join(" ")}`;
    const { sourceKusto, destinationKusto } = copies.stack.urls;
    await addFault(sourceKusto, {
      match: { kind: "operation", text: "^\\.export.*Refused" },
      action: "operationState",
      state: "Failed",
      permanent: true,
      message: said,
    });
    await addFault(sourceKusto, {
      match: { kind: "mgmt", text: "^\\.export.*Events" },
      action: "fail",
      message: said,
    });
    await addFault(destinationKusto, {
      match: { kind: "mgmt", text: "^\\.move" },
      action: "fail",
      permanent: true,
      message: said,
    });
    host = await startExtraHost(copies.stack, {
      settings: { KUSTO_COPY_CONNECTIONS: JSON.stringify(CONNECTIONS) },
    });
    // One whose promotion is refused, one that goes well, and one into a folder of its own.
    const first = await runCopy(host.url, () => undefined);
    expect(first).toMatchObject({
      state: "failed",
      tables: [
        { name: "Events", error: expect.stringContaining("Access to") },
        { name: "Refused", error: expect.stringContaining("Access to") },
      ],
    });
    const second = await runCopy(host.url, () => undefined, { tables: { include: ["Events"] } });
    expect(second.tables).toMatchObject([{ name: "Events", rows: 50 }]);
    await runCopy(host.url, () => undefined, bodyOf(copies.stack, "Samples", "Samples"));
  }, 120_000);
  afterAll(async () => {
    await host.stop();
    await copies.stop();
  });

  /** The account's key, a SAS or its signature, and a connection string's own words. */
  function clean(text: string): void {
    expect(text.length).toBeGreaterThan(0);
    const secrets = [
      storageAccount.key,
      encodeURIComponent(storageAccount.key),
      ECHOED,
      ...Object.values(PLANTED),
      "AccountKey=",
      "SharedKey",
    ];
    for (const secret of secrets) expect(text.includes(secret), `${secret.slice(0, 12)}…`).toBe(false);
    expect(/\bsig=[A-Za-z0-9%+/]{16,}/i.exec(text)?.[0].slice(0, 8)).toBeUndefined();
  }

  async function blobs(prefix: string): Promise<string> {
    const container = new ContainerClient(
      `${copies.stack.urls.blob}/copy`,
      new StorageSharedKeyCredential(storageAccount.name, storageAccount.key),
    );
    const texts: string[] = [];
    for await (const { name } of container.listBlobsFlat({ prefix }))
      texts.push((await container.getBlockBlobClient(name).downloadToBuffer()).toString());
    return texts.join("\n");
  }

  it("is in the inputs, outputs and histories of Durable Functions", async () => {
    const base = `${host.url}/runtime/webhooks/durabletask/instances`;
    const list = await (await fetch(`${base}?showInput=true`)).text();
    clean(list);
    const ids = z.array(z.object({ instanceId: z.string() })).parse(JSON.parse(list));
    expect(ids.length).toBeGreaterThan(0);
    const histories: string[] = [];
    for (const { instanceId } of ids) {
      const id = encodeURIComponent(instanceId);
      const history = await (
        await fetch(`${base}/${id}?showInput=true&showHistory=true&showHistoryOutput=true`)
      ).text();
      expect(history).toContain("historyEvents");
      clean(history);
      histories.push(history);
    }
    // What the clusters said went through here, so there was something to be cleaned.
    expect(histories.join("\n")).toContain("Access to");
  });

  it("is in the checkpoint log", async () => {
    const log = await blobs("demo/log/");
    expect(log).toContain("promotionIntended");
    expect(log).toContain("Access to");
    clean(log);
  });

  it("is in the status file, KC_Status and its function's body", async () => {
    const file = await blobs("demo/status");
    expect(file).toContain("Refused");
    clean(file);
    const [row] = await copies.destination.command("Samples", ".show function KC_Status");
    expect(String(row?.Body)).toContain("externaldata");
    clean(JSON.stringify(row));
  });

  it("is in the answers of the HTTP API", async () => {
    clean(await (await fetch(`${host.url}/api/copies`)).text());
  });

  it("that a request holds is in its refusal", async () => {
    const bodies = CONNECTIONS.flatMap((text) => [
      { source: { cluster: text } },
      { lake: text },
      { lake: `${text};Bogus=1` },
    ]);
    for (const body of bodies) {
      const answer = await fetch(`${host.url}/api/copies`, { method: "POST", body: JSON.stringify(body) });
      expect(answer.status).toBe(400);
      clean(await answer.text());
    }
  });

  it("is in the events", async () => {
    clean(await (await fetch(`${copies.stack.urls.events}/events`)).text());
  });

  it("is in what the host writes", () => {
    clean(host.lines.join("\n"));
  });

  it("is in the clusters' journals of commands: storage credentials are in obfuscated literals", async () => {
    for (const client of [copies.source, copies.destination]) {
      const rows = await client.command("Samples", ".show commands | project Text");
      clean(rows.map((row) => String(row.Text)).join("\n"));
    }
  });
});
