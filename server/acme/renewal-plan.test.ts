import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { generateSelfSigned } from "../tls/self-signed.ts";
import { isFor, renewalDue, retryMsMax, retryMsMin, type Failures } from "./renewal-plan.ts";

const now = Date.UTC(2026, 0, 1);
const made = await generateSelfSigned("bücher.example", now);
const certificate = new X509Certificate(made.certificate);
const from = certificate.validFromDate.getTime();
const life = certificate.validToDate.getTime() - from;
const names = ["xn--bcher-kva.example"];

function failedTimes(count: number): Failures {
  return { count, lastAt: now, reason: "the firewall" };
}

for (const { name, parts, due } of [
  { name: "none is there", parts: { certificate: undefined, names, failures: undefined, draw: 0.5 }, due: 0 },
  {
    name: "one is there, at two thirds of its life",
    parts: { certificate, names, failures: undefined, draw: 0 },
    due: from + (life * 2) / 3,
  },
  {
    name: "one is there, up to a fiftieth of its life later",
    parts: { certificate, names, failures: undefined, draw: 1 },
    due: from + life * (2 / 3 + 1 / 50),
  },
  {
    name: "it is for fewer names than wanted",
    parts: { certificate, names: [...names, "more.example"], failures: undefined, draw: 0 },
    due: 0,
  },
  {
    name: "it failed once",
    parts: { certificate: undefined, names, failures: failedTimes(1), draw: 0 },
    due: now + retryMsMin,
  },
  {
    name: "it failed four times",
    parts: { certificate: undefined, names, failures: failedTimes(4), draw: 0 },
    due: now + 8 * retryMsMin,
  },
  {
    name: "it failed ever so often",
    parts: { certificate: undefined, names, failures: failedTimes(1_000), draw: 0 },
    due: now + retryMsMax,
  },
  {
    name: "the authority said when to come again",
    parts: {
      certificate: undefined,
      names,
      failures: { ...failedTimes(1), notBefore: now + 3 * retryMsMax },
      draw: 0,
    },
    due: now + 3 * retryMsMax,
  },
  {
    name: "the authority wants to hear nothing for a year",
    parts: {
      certificate: undefined,
      names,
      failures: { ...failedTimes(1), notBefore: now + 365 * retryMsMax },
      draw: 0,
    },
    due: now + 8 * retryMsMax,
  },
  {
    name: "it failed once, long before it is due",
    parts: { certificate, names, failures: failedTimes(1), draw: 0 },
    due: from + (life * 2) / 3,
  },
]) {
  test(`a certificate is asked for at the right time where ${name}`, () => assert.equal(renewalDue(parts), due));
}

test("a certificate is for exactly its names, in ASCII", () => {
  assert.equal(isFor(certificate, names), true);
  assert.equal(isFor(certificate, ["bücher.example"]), false);
  assert.equal(isFor(certificate, []), false);
});
