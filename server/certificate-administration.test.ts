import assert from "node:assert/strict";
import { test } from "node:test";
import { domainJid } from "#testing/addresses.ts";
import { startedServer } from "#testing/started-server.ts";

test("where nothing can be renewed by ACME, the reason says what is missing", async () => {
  await using started = await startedServer("", { accounts: [] });
  const { administration } = started.server;
  for (const [asked, says] of [
    [undefined, /^no host has a certificate by ACME; the key is acme = true/],
    ["verona.example", /^verona\.example is not a host of this server$/],
    ["capulet.example", /^capulet\.example has no certificate by ACME: it has no acme = true$/],
  ] as const) {
    const request = asked === undefined ? {} : { domain: domainJid(asked) };
    const renewing = async () => {
      for await (const _ of administration.renewCertificates(request, new AbortController().signal)) break;
    };
    await assert.rejects(renewing, { code: "not-found", message: says });
  }
  const { certificates } = await administration.listCertificates({});
  assert.deepEqual(
    certificates.map(({ source, issuer }) => [source, issuer]),
    [
      ["self-signed", "Balcony self-signed"],
      ["self-signed", "Balcony self-signed"],
    ],
  );
});
