import { describe, expect, it } from "vitest";
import { displayCluster, parseKustoConnection } from "../../kusto/connectionString.ts";
import { describe as describeError, Terminal } from "../../model/errors.ts";

const CLUSTER = "https://help.kusto.windows.net";

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
      "Managed Identity=11112222-0000-1111-2222-333344445555",
      { kind: "managedIdentity", clientId: "11112222-0000-1111-2222-333344445555" },
    ],
    ["AzCli=true", { kind: "azureCli" }],
    ["TenantId=t", { kind: "default", tenantId: "t" }],
    ["User ID=u;Pwd=p;Authority=t", { kind: "userPassword", user: "u", password: "p", tenantId: "t" }],
    [
      'AppClientId=i;Tenant=t;Application Certificate PrivateKey="-----BEGIN;x";SendX5c=true',
      {
        kind: "applicationCertificate",
        clientId: "i",
        tenantId: "t",
        pem: "-----BEGIN;x",
        sendCertificateChain: true,
      },
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
    [`${CLUSTER};User ID=u`, /prompt/],
    [`http://10.0.0.1:8080;UserToken=x`, /plain http/],
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

it("what is shown of a connection is its address and nothing else", () => {
  const connection = parseKustoConnection(`${CLUSTER}/D;AppClientId=i;AppKey=s3cr3t;Authority Id=t`);
  expect(displayCluster(connection)).toBe(CLUSTER);
});
