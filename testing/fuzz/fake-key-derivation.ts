import { createHash } from "node:crypto";
import { makeCredentials } from "#protocol/sasl/make-credentials.ts";
import {
  type SaslServerPolicy,
  defaultSaslServerPolicy,
  scramIterationsMax,
  scramIterationsMin,
} from "#protocol/sasl/server-policy.ts";
import type { SaslDerive } from "#protocol/sasl/server-exchange.ts";
import type { StoredCredentials } from "#protocol/sasl/stored-credentials.ts";
import assert from "node:assert/strict";

/** In the place of PBKDF2, on both sides: it depends on everything that PBKDF2 depends on, and takes no time. */
export function fakeKey(request: Omit<SaslDerive, "type">): Uint8Array {
  const { hash, iterations, length, password, salt } = request;
  assert.ok(iterations >= scramIterationsMin && iterations <= scramIterationsMax, `${iterations} iterations`);
  const seed = `${hash} ${iterations} ${Buffer.from(password).toString("hex")} ${Buffer.from(salt).toString("hex")}`;
  return new Uint8Array(createHash("sha512").update(seed).digest().subarray(0, length));
}

/** Every mechanism. */
export const openPolicy: SaslServerPolicy = {
  ...defaultSaslServerPolicy,
  scramIterations: scramIterationsMin,
  digestMd5: true,
  anonymous: true,
};

/** What a server keeps of a password. */
export function fakeCredentials(options: {
  readonly username: string;
  readonly domain: string;
  readonly password: string;
}): StoredCredentials {
  const random = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(5);
  const maker = makeCredentials({ ...options, policy: openPolicy, random });
  let made = maker.start();
  while (made.type === "derive") made = maker.derived(fakeKey(made));
  assert.ok(made.type === "made");
  return made.credentials;
}
