import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { clientContext, credentialsOf, runExchange, serverContext, testDomain } from "#testing/sasl/run-exchange.ts";
import { isPlus, mechanisms, type Mechanism } from "./mechanism.ts";
import type { SaslClientExchange, SaslClientOutput } from "./client-exchange.ts";
import { startClientMechanism } from "./start-client-mechanism.ts";
import { startServerMechanism } from "./start-server-mechanism.ts";
import { encodeUtf8 } from "./utf8.ts";

const juliet = credentialsOf("juliet", "r0m30myr0m30");
const binding = { type: "tls-exporter", data: new Uint8Array(32) } as const;
const certificate = [{ address: `juliet@${testDomain}`, username: "juliet" }];

/** Pieces that messages are made of, so that the noise gets past the first check. */
const piece = fc.oneof(
  fc.constantFrom(
    "n,,",
    "y,,",
    "p=tls-exporter,,",
    "n=juliet",
    "n=ju=2Cliet",
    ",",
    "r=abc",
    "r=",
    "c=biws",
    "p=AAAA",
    "=",
    '"',
  ),
  fc.constantFrom(
    "v=AAAA",
    "e=x",
    "i=4096",
    "s=AAAA",
    "m=x",
    "\0",
    "juliet",
    'nonce="x"',
    "qop=auth",
    "\\",
    "realm=a",
    "algorithm=md5-sess",
  ),
  fc.string({ unit: "binary", maxLength: 6 }),
);
const noise = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.array(piece, { maxLength: 9 }).map((pieces) => encodeUtf8(pieces.join(""))),
);

function settle(client: SaslClientExchange, first: SaslClientOutput): SaslClientOutput {
  let output = first;
  while (output.type === "derive") output = client.derived(new Uint8Array(64));
  return output;
}

for (const mechanism of mechanisms) {
  test(`${mechanism}: whatever a client sends, the server neither throws nor lets it in`, () => {
    const message = fc.oneof(noise, fc.constant(undefined));
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 4 }), (sent) => {
        const context = serverContext({ offered: mechanisms, bindings: [binding], certificate: [] });
        const server = startServerMechanism(mechanism, context);
        for (const data of sent) {
          let output = server.respond(data);
          while (output.type === "lookup" || output.type === "derive") {
            output =
              output.type === "lookup" ? server.credentials(juliet) : server.derived(new Uint8Array(output.length));
          }
          assert.ok(mechanism === "ANONYMOUS" || output.type !== "success");
        }
      }),
      { numRuns: 300 },
    );
  });

  test(`${mechanism}: whatever a server sends, the client does not throw`, () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), noise), { maxLength: 4 }), (sent) => {
        const context = clientContext({ binding: isPlus(mechanism) ? binding : "n" });
        const client = startClientMechanism(mechanism, context);
        client.start();
        let output: SaslClientOutput | undefined;
        for (const [isLast, data] of sent) {
          output = settle(client, isLast ? client.success(data) : client.challenge(data));
        }
        const proves = mechanism.startsWith("SCRAM") || mechanism === "DIGEST-MD5";
        assert.ok(!proves || output?.type !== "authenticated");
      }),
      { numRuns: 300 },
    );
  });
}

const changed = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1"] satisfies readonly Mechanism[];
for (const mechanism of changed) {
  test(`A27 ${mechanism}: one byte changed anywhere, and never both sides are content`, () => {
    fc.assert(
      fc.property(fc.nat(5), fc.nat(400), fc.integer({ min: 1, max: 255 }), (number, place, flip) => {
        let touched = false;
        const { server, client } = runExchange({
          server: startServerMechanism(
            mechanism,
            serverContext({ offered: mechanisms, bindings: [binding], certificate }),
          ),
          client: startClientMechanism(mechanism, clientContext({ binding: isPlus(mechanism) ? binding : "n" })),
          find: () => juliet,
          tamper: (message, index) => {
            if (index !== number || message.data === undefined || place >= message.data.length) return message;
            touched = true;
            return { ...message, data: message.data.map((byte, at) => (at === place ? byte ^ flip : byte)) };
          },
        });
        const content = server?.type === "success" && client.type === "authenticated";
        assert.equal(content, !touched);
      }),
      { numRuns: 150 },
    );
  });
}
