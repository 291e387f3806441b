import assert from "node:assert/strict";
import { kindOf } from "#protocol/sasl/mechanism.ts";
import { startClientMechanism } from "#protocol/sasl/start-client-mechanism.ts";
import { startServerMechanism } from "#protocol/sasl/start-server-mechanism.ts";
import type { SaslClientOutput } from "#protocol/sasl/client-exchange.ts";
import type { SaslOutput } from "#protocol/sasl/server-exchange.ts";
import { lineMutations } from "../engine/mutate-lines.ts";
import { fuzzTarget } from "../engine/target.ts";
import {
  clientContext,
  headOf,
  isSame,
  messageOf,
  password,
  saslLines,
  saslSeeds,
  serverContext,
  settleClient,
  settleServer,
} from "../sasl-stage.ts";

const messagesMax = 8;

export const target = fuzzTarget({
  summary:
    "whatever a server sends, a mechanism does not throw, keeps the password to itself and believes only who knows it",
  bytesMax: 2_048,
  roundExecutions: 350_000,
  words: ["+=", "+-", "+^60 1", ...saslLines.map((line) => `+${line}`), ...saslLines],
  seeds: [...saslSeeds, ...saslSeeds.map((seed) => seed.replaceAll("\n", "\n+"))],
  mutations: lineMutations,
  run: (input) => {
    const [head = "", ...lines] = input.split("\n").slice(0, messagesMax + 1);
    const { mechanism } = headOf(head);
    const { family } = kindOf(mechanism);
    const proves = family === "SCRAM" || family === "DIGEST-MD5";
    const client = startClientMechanism(mechanism, clientContext(mechanism));
    const honest = startServerMechanism(mechanism, serverContext(mechanism, true));
    let said: SaslClientOutput = settleClient(client, client.start());
    let last: { readonly data: Uint8Array; readonly right: boolean } | undefined;
    let untouched = true;
    for (const line of lines) {
      // What the server itself has said may come back to it.
      if (proves && !input.includes(password)) checkSecret(said);
      const reply: SaslOutput | undefined =
        said.type === "response" ? settleServer(honest, honest.respond(said.data)) : undefined;
      const right = reply?.type === "challenge" || reply?.type === "success" ? reply.data : undefined;
      // The server's last word may come as a challenge or with success: that is no change.
      const isLast = line.startsWith("+");
      const data = messageOf(isLast ? line.slice(1) : line, right);
      // Names of directives are the same in capitals. RFC 2831 §7.1
      const named = family === "DIGEST-MD5" ? inSmallName(data) : data;
      const isRight = isSame(named ?? new Uint8Array(), right ?? new Uint8Array());
      untouched &&= isRight;
      if (data !== undefined && data.length > 0) last = { data, right: isRight };
      said = settleClient(client, isLast ? client.success(data) : client.challenge(data ?? new Uint8Array()));
      if (said.type !== "authenticated" || !proves) continue;
      assert.ok(last?.right === true, "believes a server that has proven nothing");
      assert.ok(family !== "SCRAM" || untouched, "believes a server whose words were changed");
    }
  },
});

function checkSecret(said: SaslClientOutput): void {
  if (said.type === "response") assert.ok(!Buffer.from(said.data ?? []).includes(password), "the password is sent");
}

function inSmallName(data: Uint8Array | undefined): Uint8Array | undefined {
  const text = Buffer.from(data ?? []).toString("latin1");
  return new Uint8Array(
    Buffer.from(
      text.replace(/^[a-z]+(?==)/iu, (name) => name.toLowerCase()),
      "latin1",
    ),
  );
}
