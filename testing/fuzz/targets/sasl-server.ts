import assert from "node:assert/strict";
import { type Mechanism, kindOf } from "#protocol/sasl/mechanism.ts";
import type { SaslIdentity } from "#protocol/sasl/server-exchange.ts";
import { startClientMechanism } from "#protocol/sasl/start-client-mechanism.ts";
import { startServerMechanism } from "#protocol/sasl/start-server-mechanism.ts";
import { lineMutations } from "../engine/mutate-lines.ts";
import { fuzzTarget } from "../engine/target.ts";
import {
  address,
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
  username,
} from "../sasl-stage.ts";

const messagesMax = 8;

export const target = fuzzTarget({
  summary: "whatever a client sends, a mechanism does not throw and lets in only who has proven the password",
  bytesMax: 2_048,
  roundExecutions: 500_000,
  words: saslLines,
  seeds: saslSeeds,
  mutations: lineMutations,
  run: (input) => {
    const [head = "", ...lines] = input.split("\n").slice(0, messagesMax + 1);
    const { certified, mechanism } = headOf(head);
    const server = startServerMechanism(mechanism, serverContext(mechanism, certified));
    const honest = startClientMechanism(mechanism, clientContext(mechanism));
    let next = settleClient(honest, honest.start());
    let untouched = true;
    let isOver = false;
    const sent: string[] = [];
    for (const line of lines) {
      const right = next.type === "response" ? next.data : undefined;
      const data = messageOf(line, right);
      untouched &&= next.type === "response" && isSame(data, right);
      sent.push(Buffer.from(data ?? []).toString("latin1"));
      const output = settleServer(server, server.respond(data));
      assert.ok(!isOver || output.type === "failure", "it goes on after the end");
      if (output.type === "success") {
        checkSuccess({ mechanism, certified, sent, untouched, right }, output.identity);
      }
      if (output.type === "challenge" && next.type === "response")
        next = settleClient(honest, honest.challenge(output.data));
      isOver ||= output.type === "success" || output.type === "failure";
    }
  },
});

interface Attempt {
  readonly mechanism: Mechanism;
  readonly certified: boolean;
  readonly sent: readonly string[];
  /** Whether all that was sent is what a client with the password would have sent. */
  readonly untouched: boolean;
  /** What such a client would have sent last. */
  readonly right: Uint8Array | undefined;
}

function checkSuccess(attempt: Attempt, identity: SaslIdentity): void {
  const { certified, mechanism, sent, untouched } = attempt;
  const { family } = kindOf(mechanism);
  assert.equal(identity.anonymous, family === "ANONYMOUS");
  if (family === "ANONYMOUS") return;
  assert.ok(
    identity.authzid === undefined || identity.authzid === `${identity.authcid}@im.example`,
    "acts as somebody else",
  );
  switch (family) {
    case "SCRAM":
      assert.ok(untouched, "let in with something else than a proof");
      assert.equal(identity.authcid, username);
      break;
    case "PLAIN": {
      const fields = sent.find((message) => message !== "")?.split("\0") ?? [];
      assert.equal(fields.length, 3, "not three fields");
      // What SASLprep maps to nothing may stand in the password.
      assert.equal(
        Buffer.from(fields[2] ?? "", "latin1")
          .toString()
          .normalize("NFKC")
          .replaceAll(/[^!-~]/gu, ""),
        password,
      );
      assert.equal(identity.authcid, username);
      break;
    }
    case "DIGEST-MD5":
      assert.ok(
        sent.some((message) => /response="?[0-9a-f]{32}/u.test(message)),
        "let in without a response",
      );
      assert.ok(
        untouched || sent.some((message) => message.includes(responseOf(attempt))),
        "let in with a wrong response",
      );
      assert.equal(identity.authcid, username);
      break;
    case "EXTERNAL":
      assert.ok(certified, "let in without a certificate");
      assert.equal(identity.authcid, username, `as ${address}`);
      break;
  }
}

/** The hash that a client with the password makes of what the server asks; it depends on both nonces. */
function responseOf({ sent }: Attempt): string {
  const honest = startClientMechanism("DIGEST-MD5", clientContext("DIGEST-MD5"));
  const server = startServerMechanism("DIGEST-MD5", serverContext("DIGEST-MD5", false));
  honest.start();
  const challenge = server.respond(sent[0] === "" ? undefined : Buffer.from(sent[0] ?? "", "latin1"));
  if (challenge.type !== "challenge") return "no challenge";
  const reply = settleClient(honest, honest.challenge(challenge.data));
  const text = reply.type === "response" ? Buffer.from(reply.data ?? []).toString("latin1") : "";
  return /response=([0-9a-f]{32})/u.exec(text)?.[1] ?? "no response";
}
