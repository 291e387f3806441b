import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { LabServer } from "../lab.ts";
import { sslscan, testssl, type ScanPlace } from "../scanners.ts";

const server = await LabServer.start({ name: "tls-scan" });
after(async () => await server[Symbol.asyncDispose]());

const places: readonly (ScanPlace & { readonly name: string })[] = [
  { name: "STARTTLS", port: 5222, startTls: true },
  { name: "direct TLS", port: 5223, startTls: false },
];

/** What is found for another reason than the server. */
const explained: Readonly<Record<string, string>> = {
  cert_revocation: "the lab's authority has no list of revoked certificates",
  DNS_CAArecord: "the lab's resolver has no CAA records",
};
/** What testssl.sh says of what is as it should be, and of what it was not able to look at. */
const harmless: ReadonlySet<string> = new Set(["OK", "INFO", "WARN", "DEBUG"]);

describe("testssl.sh and sslscan", { concurrency: true }, () => {
  for (const place of places) {
    test(`testssl.sh finds no weakness on ${place.name}`, async (t) => {
      const findings = await testssl(place);
      assert.ok(findings.length > 50, `only ${findings.length} findings: it has not run to its end`);
      const weak = findings.filter(({ id, severity }) => !harmless.has(severity) && explained[id] === undefined);
      assert.deepEqual(weak, []);
      for (const { id, severity, finding } of findings)
        if (severity === "WARN") t.diagnostic(`not looked at: ${id}: ${finding}`);
    });

    test(`sslscan finds no weakness on ${place.name}`, async () => {
      const { protocols, renegotiation, compression, heartbleed, weakCiphers } = await sslscan(place);
      assert.deepEqual(protocols, ["TLSv1.2", "TLSv1.3"]);
      assert.deepEqual(
        { renegotiation, compression, heartbleed },
        { renegotiation: false, compression: false, heartbleed: false },
      );
      assert.deepEqual(weakCiphers, []);
    });
  }
});
