import { expect, it } from "vitest";
import { redact } from "../../model/redact.ts";

const KEY = `${"Ab1+".repeat(21)}Ab==`;

it.each([
  ["https://a/c/f?sv=2024&sig=a%2Fb%3D&sp=rw' failed", "https://a/c/f?sv=2024&sig=***&sp=rw' failed"],
  ["https://a/c/f?sig=abc", "https://a/c/f?sig=***"],
  [`https://a/c/f;${KEY} failed`, "https://a/c/f;*** failed"],
  [`AccountName=a;AccountKey=${KEY};Endpoint=x`, "AccountName=a;AccountKey=***;Endpoint=x"],
  ["https://a/c;token=eyJ.a-b_c", "https://a/c;token=***"],
  ["Data Source=x;AppKey=hunter2;Fed=True", "Data Source=x;AppKey=***;Fed=True"],
  ["Server=x;Application Key = a~b.c; Fed=True", "Server=x;Application Key = ***; Fed=True"],
  ['Server=x;AppKey="a;b c";Fed=True', "Server=x;AppKey=***;Fed=True"],
  ["x;UserToken=abc;y;ApplicationToken=def", "x;UserToken=***;y;ApplicationToken=***"],
  ["x;Application Certificate PrivateKey=abc;y", "x;Application Certificate PrivateKey=***;y"],
  ["authorization: Bearer eyJ0eXAiOiJK.eyJhdWQiOiJo.c2ln-_x failed", "authorization: Bearer *** failed"],
  ["Authorization: Bearer 0123456789abcdefghij.~_-/+== was refused", "Authorization: Bearer *** was refused"],
  ["https://app/api/copies?code=Ab1_-x== failed", "https://app/api/copies?code=*** failed"],
  ["https://app/api/copies?job=a&code=Ab1%2F%3D&b=1", "https://app/api/copies?job=a&code=***&b=1"],
  ["x-functions-key: Ab1_-x== failed", "x-functions-key: *** failed"],
  ['{"X-Functions-Key":"Ab1_-x==","a":1}', '{"X-Functions-Key":"***","a":1}'],
  ["a -----BEGIN PRIVATE KEY-----\nYQ==\n-----END PRIVATE KEY----- b", "a *** b"],
  ["a -----BEGIN RSA PRIVATE KEY-----\nYQ==\nYQ", "a ***"],
])("keeps credentials out of what is told: %s", (text, told) => {
  expect(redact(text)).toBe(told);
});

it("leaves other text as it is, names and hashes too", () => {
  const text = "Table sig: 300 rows, hash 0000003b9aca0000-0000003b9aca0001-0000003b9aca0002 (window 1.0.2)";
  expect(redact(text)).toBe(text);
  const prose =
    "It is sent as a bearer token; Bearer authentication is asked for. Exit code=5, error code: 0x80DA0008.";
  expect(redact(prose)).toBe(prose);
});
