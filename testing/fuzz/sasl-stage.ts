import type { SaslClientContext } from "#protocol/sasl/client-context.ts";
import type { SaslClientExchange, SaslClientOutput } from "#protocol/sasl/client-exchange.ts";
import { type Mechanism, isPlus, mechanisms } from "#protocol/sasl/mechanism.ts";
import type { SaslServerContext } from "#protocol/sasl/server-context.ts";
import type { SaslOutput, SaslServerExchange } from "#protocol/sasl/server-exchange.ts";
import assert from "node:assert/strict";
import { bytesOf } from "./engine/byte-strings.ts";
import { fakeCredentials, fakeKey, openPolicy } from "./fake-key-derivation.ts";

/** Of the one account there is. */
export const username = "juliet";
export const password = "r0m30myr0m30";
export const domain = "im.example";
export const address = `${username}@${domain}`;

const binding = { type: "tls-exporter", data: new Uint8Array(32).fill(9) } as const;
const credentials = fakeCredentials({ username, domain, password });
const questionsMax = 8;

/** Unpredictable bytes that are the same for every input. */
function random(first: number): (bytes: number) => Uint8Array {
  let next = first;
  return (bytes) => Uint8Array.from({ length: bytes }, () => next++ & 0xff);
}

export function serverContext(mechanism: Mechanism, certified: boolean): SaslServerContext {
  return {
    policy: openPolicy,
    offered: isPlus(mechanism) ? mechanisms : mechanisms.filter((name) => !isPlus(name)),
    bindings: [binding],
    encrypted: true,
    domain,
    certificate: certified
      ? [
          { address, username },
          { address: `nurse@${domain}`, username: "nurse" },
        ]
      : [],
    mayActAs: (authcid, authzid) => authzid === `${authcid}@${domain}`,
    secret: new Uint8Array(32).fill(7),
    random: random(100),
  };
}

export function clientContext(mechanism: Mechanism): SaslClientContext {
  return { username, password, domain, binding: isPlus(mechanism) ? binding : "n", random: random(0) };
}

/** Answers all questions of a server's exchange. */
export function settleServer(server: SaslServerExchange, first: SaslOutput): SaslOutput {
  let output = first;
  for (let questions = 0; output.type === "lookup" || output.type === "derive"; questions++) {
    assert.ok(questions < questionsMax, "questions without end");
    if (output.type === "lookup") output = server.credentials(output.username === username ? credentials : undefined);
    else output = server.derived(fakeKey(output));
  }
  return output;
}

/** Answers all questions of a client's exchange. */
export function settleClient(client: SaslClientExchange, first: SaslClientOutput): SaslClientOutput {
  let output = first;
  for (let questions = 0; output.type === "derive"; questions++) {
    assert.ok(questions < questionsMax, "questions without end");
    output = client.derived(fakeKey(output));
  }
  return output;
}

/**
 * A message as a line of an input says: `=` is what an honest peer would say now; `^place value` the same with one byte
 * changed; `-` an element without content; anything else are the bytes themselves.
 */
export function messageOf(line: string, honest: Uint8Array | undefined): Uint8Array | undefined {
  if (line === "=") return honest;
  if (line === "-") return undefined;
  const [, place, value] = /^\^(\d{1,4}) (\d{1,3})$/u.exec(line) ?? [];
  if (place === undefined || honest === undefined) return bytesOf(line);
  return honest.map((byte, at) => (at === Number(place) ? byte ^ Number(value) : byte));
}

export function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;
}

/** Lines of which inputs are made. */
export const saslLines: readonly string[] = [
  ...mechanisms,
  ...mechanisms.map((mechanism) => `${mechanism} certified`),
  "=",
  "=",
  "=",
  "-",
  "^0 1",
  "^3 1",
  "^20 32",
  "^60 1",
  "n,,n=juliet,r=abc",
  "y,,n=juliet,r=abc",
  "p=tls-exporter,,n=juliet,r=abc",
  `n,a=${address},n=juliet,r=abc`,
  "c=biws,r=abc,p=AAAA",
  "v=AAAA",
  "e=other-error",
  "r=abc,s=AAAA,i=4096",
  "r=abc,s=AAAA,i=2000001",
  "m=x,n=,r=",
  `\0${username}\0x`,
  `x\0${username}\0${password}`,
  `\0${username}\0${password}`,
  address,
  'realm="im.example",nonce="a",qop="auth",charset=utf-8,algorithm=md5-sess',
  'username="juliet",realm="im.example",nonce="a",cnonce="b",nc=00000001,qop=auth,digest-uri="xmpp/im.example",response=00000000000000000000000000000000,charset=utf-8',
  "rspauth=00000000000000000000000000000000",
];

/** A beginning for each mechanism, with nothing wrong in it. */
export const saslSeeds: readonly string[] = mechanisms.flatMap((mechanism) => [
  `${mechanism}\n=\n=\n=`,
  `${mechanism} certified\n-\n=\n=\n=`,
  `${mechanism}\n=\n^20 1\n=`,
]);

/** The mechanism that the first line names, and whether the client has a certificate. */
export function headOf(line: string): { readonly mechanism: Mechanism; readonly certified: boolean } {
  const [name, flag] = line.split(" ");
  return { mechanism: mechanisms.find((known) => known === name) ?? "SCRAM-SHA-256", certified: flag === "certified" };
}
