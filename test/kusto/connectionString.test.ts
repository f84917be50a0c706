import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { displayCluster, parseKustoConnection } from "../../kusto/connectionString.ts";
import { describe as describeError, Terminal } from "../../model/errors.ts";

const CLUSTER = "https://help.kusto.windows.net";
const PEM = [
  "-----BEGIN CERTIFICATE-----",
  "c2VjcmV0",
  "-----END CERTIFICATE-----",
  "-----BEGIN PRIVATE KEY-----",
  "c2VjcmV0",
  "-----END PRIVATE KEY-----",
].join("\n");

describe("a bare address", () => {
  it.each([CLUSTER, `${CLUSTER}/`, ` ${CLUSTER} `, `HTTPS://Help.Kusto.Windows.NET`])(
    "%j is logged in to by the process's own identity",
    (text) => {
      expect(parseKustoConnection(text)).toEqual({ cluster: CLUSTER, login: { kind: "default" } });
    },
  );

  it("names its database in the path", () => {
    expect(parseKustoConnection(`${CLUSTER}/My%20Samples; Fed=true; Accept=true`)).toEqual({
      cluster: CLUSTER,
      database: "My Samples",
      login: { kind: "default" },
    });
  });

  it("of plain http is a local cluster without login", () => {
    expect(parseKustoConnection("http://127.0.0.1:8080")).toEqual({
      cluster: "http://127.0.0.1:8080",
      login: { kind: "none" },
    });
    expect(parseKustoConnection("Data Source=http://localhost:8080;Fed=true;Database=X").login).toEqual({
      kind: "none",
    });
  });
});

describe("a connection string", () => {
  it.each(["Data Source", "data source", "DataSource", "Server", "Addr", "ADDRESS", "Network Address"])(
    "takes %s for the cluster",
    (name) => {
      expect(parseKustoConnection(`${name} = ${CLUSTER} ; Fed = True`).cluster).toBe(CLUSTER);
    },
  );

  it.each(["Initial Catalog", "database", "DATABASE"])("takes %s for the database", (name) => {
    expect(parseKustoConnection(`Data Source=${CLUSTER};${name}="a;b ""c"""`).database).toBe('a;b "c"');
  });

  it.each([
    [
      "AppClientId=i;AppKey=k==;Authority Id=t",
      { kind: "applicationKey", clientId: "i", key: "k==", tenantId: "t" },
    ],
    [
      "Application Client Id=i;Application Key=k;TenantId=t",
      { kind: "applicationKey", clientId: "i", key: "k", tenantId: "t" },
    ],
    ["ApplicationToken=x.y", { kind: "token", token: "x.y" }],
    ["User Token=x", { kind: "token", token: "x" }],
    ["UsrToken=x", { kind: "token", token: "x" }],
    ["ManagedServiceIdentity=system", { kind: "managedIdentity" }],
    [
      "MSI=/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i",
      {
        kind: "managedIdentity",
        resourceId:
          "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i",
      },
    ],
    [
      "Managed Identity=11112222-0000-1111-2222-333344445555",
      { kind: "managedIdentity", clientId: "11112222-0000-1111-2222-333344445555" },
    ],
    ["AzCli=true", { kind: "azureCli" }],
    ["TenantId=t", { kind: "default", tenantId: "t" }],
    ["User ID=u;Pwd=p;Authority=t", { kind: "userPassword", user: "u", password: "p", tenantId: "t" }],
    ["User ID=johndoe@contoso.com", { kind: "prompt", user: "johndoe@contoso.com" }],
    ["UID=u;TenantId=t", { kind: "prompt", user: "u", tenantId: "t" }],
    [
      `AppClientId=i;Tenant=t;Application Certificate PrivateKey="${PEM};x";SendX5c=true`,
      {
        kind: "applicationCertificate",
        clientId: "i",
        tenantId: "t",
        pem: `${PEM};x`,
        sendCertificateChain: true,
      },
    ],
    [
      `AppClientId=i;Tenant=t;Application Certificate Blob=${PEM.replaceAll("\n", "\\n")}`,
      { kind: "applicationCertificate", clientId: "i", tenantId: "t", pem: PEM, sendCertificateChain: false },
    ],
  ])("with %s", (properties, login) => {
    expect(parseKustoConnection(`Data Source=${CLUSTER};Fed=true;${properties}`).login).toEqual(login);
  });
});

describe("what can't be used is refused, and named", () => {
  it.each([
    ["", /empty/],
    ["Fed=true", /no cluster/],
    [`${CLUSTER};Bogus=1`, /"Bogus" is not a known property/],
    [`${CLUSTER};Query Consistency=weakconsistency`, /consistency/],
    [`${CLUSTER};Fed=false`, /Fed=false/],
    [`${CLUSTER};Fed=perhaps`, /true or false/],
    [`${CLUSTER};Accept`, /"Accept" has no value/],
    [`${CLUSTER};Data Source=https://other.kusto.windows.net`, /different values/],
    [`${CLUSTER}/A;Database=B`, /two databases/],
    [`${CLUSTER};AppClientId=i;AppKey=k`, /"Authority Id" is missing/],
    [`${CLUSTER};AppKey=k;Authority Id=t`, /"Application Client Id" is missing/],
    [`${CLUSTER};AppClientId=i`, /"AppClientId" needs/],
    [`${CLUSTER};AppClientId=i;AppKey=k;Authority Id=t;UserToken=x`, /"AppKey" and "UserToken" contradict/],
    [`${CLUSTER};UserToken=x;MSI=system`, /contradict/],
    [`${CLUSTER};AppCert=ABCD`, /"AppCert"/],
    [`${CLUSTER};Application Certificate Subject=CN=x`, /store of the machine/],
    [`${CLUSTER};Application Certificate Issuer=CN=x;AppClientId=i;Authority Id=t`, /store of the machine/],
    [`${CLUSTER};Application Certificate PrivateKey=x;AppClientId=i;Authority Id=t`, /no PEM text/],
    [`${CLUSTER};SendX5c=true;AppKey=k;AppClientId=i;Authority Id=t`, /"AppKey" and "SendX5c" contradict/],
    [`${CLUSTER};AppClientId=i;MSI=system`, /"MSI" and "AppClientId" contradict/],
    [`${CLUSTER};AppClientId=i;UserToken=x`, /"UserToken" and "AppClientId" contradict/],
    [`${CLUSTER};User ID=u;AppKey=k;AppClientId=i;Authority Id=t`, /"AppKey" and "User ID" contradict/],
    [`${CLUSTER};Pwd=p`, /"User ID" is missing/],
    [`${CLUSTER}/100%`, /percent encoding/],
    ["https://ingest-help.kusto.windows.net", /"ingest-help.kusto.windows.net" is an ingestion endpoint/],
    [`http://127.0.0.1:8080;UserToken=x`, /"UserToken" would send a login over plain http/],
    ["http://10.0.0.1:8080", /plain http is for a cluster on this machine/],
    ["http://help.kusto.windows.net", /plain http is for a cluster on this machine/],
    ["http://127.0.0.1.example.com", /plain http is for a cluster on this machine/],
    [`${CLUSTER};Database="x`, /isn't closed/],
    [`${CLUSTER}?x=1`, /query or fragment/],
    ["https://user:pw@help.kusto.windows.net", /user or password/],
    ["ftp://help", /not http or https/],
  ])("%j", (text, expected) => {
    expect(() => parseKustoConnection(text)).toThrow(Terminal);
    expect(() => parseKustoConnection(text)).toThrow(expected);
  });

  it("without showing a secret", () => {
    for (const text of [
      `${CLUSTER};AppKey=s3cr3t;AppKey=other`,
      `${CLUSTER};AppKey=s3cr3t`,
      `${CLUSTER};AppKey=s3cr3t"x`,
      `${CLUSTER};AppKey=abc;s3cr3t`,
      `${CLUSTER};UserToken=s3cr3t;AppToken=s3cr3t2`,
      `${CLUSTER};"s3cr3t`,
      `${CLUSTER};AppKey=abc;s3cr3t~x=1`,
      `${CLUSTER};User ID=u;Password=abc;s3cr3t=1`,
      "https://s3cr3t:s3cr3t@[",
      "Data Source=https://user:s3cr3t@help.kusto.windows.net",
    ]) {
      try {
        parseKustoConnection(text);
        expect.unreachable();
      } catch (error) {
        expect(describeError(error)).not.toContain("s3cr3t");
      }
    }
  });
});

describe("the documented table of properties", () => {
  const ALIASES: readonly (readonly [names: readonly string[], value: string, reads: object])[] = [
    [["Data Source", "Addr", "Address", "Network Address", "Server"], CLUSTER, {}],
    [["Initial Catalog", "Database"], "Db", { database: "Db" }],
    [
      ["Microsoft Entra ID Federated Security", "Federated Security", "Federated", "Fed", "AADFed"],
      "True",
      {},
    ],
    [["Authority ID", "TenantId"], "t", { login: { kind: "default", tenantId: "t" } }],
    [["User ID", "UID", "User"], "u", { login: { kind: "prompt", user: "u" } }],
    [["User Token", "UsrToken", "UserToken"], "x", { login: { kind: "token", token: "x" } }],
    [["Application Token", "AppToken"], "x", { login: { kind: "token", token: "x" } }],
    [["User Name for Tracing", "TraceUserName"], "me", { userName: "me" }],
    [["Application Name for Tracing", "TraceAppName"], "app", { applicationName: "app" }],
    [["Query Consistency", "QueryConsistency"], "strongconsistency", {}],
    [["Client Version for Tracing", "TraceClientVersion"], "1", {}],
    [["Azure Region", "AzureRegion", "Region"], "westeurope", {}],
    [["Accept"], "true", {}],
    [["Streaming"], "true", {}],
    [["Uncompressed"], "true", {}],
    [["ManagedServiceIdentity"], "system", { login: { kind: "managedIdentity" } }],
  ];

  /** The same name in letters of any case, with spaces where a person may put them. */
  const spelling = (name: string) =>
    fc
      .tuple(
        fc.array(fc.boolean(), { minLength: name.length, maxLength: name.length }),
        fc.array(fc.nat(2), { minLength: name.length + 1, maxLength: name.length + 1 }),
      )
      .map(([upper, spaces]) =>
        [...name]
          .map(
            (letter, i) =>
              " ".repeat(i === 0 || letter === " " ? (spaces[i] ?? 0) : 0) +
              (upper[i] ? letter.toUpperCase() : letter.toLowerCase()),
          )
          .join("")
          .concat(" ".repeat(spaces[name.length] ?? 0)),
      );

  it.each(ALIASES)("%j reads the same in any case and spacing", (names, value, reads) => {
    const isSource = value === CLUSTER;
    const text = fc.constantFrom(...names).chain(spelling);
    fc.assert(
      fc.property(text, fc.boolean(), fc.boolean(), (name, quoted, first) => {
        const property = `${name}=${quoted ? `"${value}"` : ` ${value} `}`;
        const parts = isSource ? [property] : first ? [property, `Server=${CLUSTER}`] : [CLUSTER, property];
        expect(parseKustoConnection(parts.join(";"))).toEqual({
          cluster: CLUSTER,
          login: { kind: "default" },
          ...reads,
        });
      }),
      { numRuns: 60 },
    );
  });

  it("knows no other name, and says which one it doesn't know", () => {
    const known = ALIASES.flatMap(([names]) => names).map((name) => name.toLowerCase().replace(/\s/g, ""));
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Z][a-z]{3,12} [a-z]{3,12}$/), (name) => {
        fc.pre(!known.includes(name.toLowerCase().replace(/\s/g, "")));
        expect(() => parseKustoConnection(`${CLUSTER};${name}=1`)).toThrow(
          `"${name}" is not a known property`,
        );
      }),
    );
  });

  it("repeats no value in an error, whatever is wrong with the string", () => {
    const names = [
      "AppKey",
      "AppToken",
      "UserToken",
      "Password",
      "Application Certificate PrivateKey",
      "MSI",
      "Fed",
    ];
    const secret = fc.stringMatching(/^[A-Za-z0-9~._=-]{12,30}$/);
    const part = fc
      .tuple(fc.constantFrom(...names), secret)
      .map(([name, value]) => ({ text: `${name}=${value}`, value }));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        try {
          parseKustoConnection([CLUSTER, ...parts.map(({ text }) => text)].join(";"));
        } catch (error) {
          expect(error).toBeInstanceOf(Terminal);
          for (const { value } of parts) expect(describeError(error)).not.toContain(value);
        }
      }),
    );
  });
});

describe("the documented examples", () => {
  const uri = "https://mycluster.westeurope.kusto.windows.net";
  it.each([
    [
      `Data Source=${uri};Database=NetDefaultDB;Fed=True;Authority Id=contoso.com`,
      { kind: "default", tenantId: "contoso.com" },
    ],
    [
      `Data Source=${uri};Database=NetDefaultDB;Fed=True;Authority Id=contoso.com;User ID=johndoe@contoso.com`,
      { kind: "prompt", user: "johndoe@contoso.com", tenantId: "contoso.com" },
    ],
    [
      `Data Source=${uri};Database=NetDefaultDB;Fed=True;AppClientId=a;AppKey=k;Authority Id=contoso.com`,
      { kind: "applicationKey", clientId: "a", key: "k", tenantId: "contoso.com" },
    ],
    [`Data Source=${uri};Database=NetDefaultDB;Fed=True;UserToken=t`, { kind: "token", token: "t" }],
    [`Data Source=${uri};Database=NetDefaultDB;Fed=True;ApplicationToken=t`, { kind: "token", token: "t" }],
  ])("%j", (text, login) => {
    expect(parseKustoConnection(text)).toEqual({ cluster: uri, database: "NetDefaultDB", login });
  });

  it("of the shorthand that Kusto's tools take", () => {
    expect(parseKustoConnection("@help/Samples")).toEqual(
      parseKustoConnection("https://help.kusto.windows.net/Samples; Fed=true"),
    );
    expect(parseKustoConnection("@mycluster.westeurope; AppToken=x").cluster).toBe(uri);
  });
});

it("what is shown of a connection is its address and nothing else", () => {
  const connection = parseKustoConnection(`${CLUSTER}/D;AppClientId=i;AppKey=s3cr3t;Authority Id=t`);
  expect(displayCluster(connection)).toBe(CLUSTER);
});
