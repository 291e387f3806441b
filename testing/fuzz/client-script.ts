import assert from "node:assert/strict";
import { chooseMechanism, defaultSaslClientPolicy } from "#protocol/sasl/choose-mechanism.ts";
import type { SaslClientExchange } from "#protocol/sasl/client-exchange.ts";
import { htClient } from "#protocol/sasl/ht-client.ts";
import { htTokenCharactersMin, keyOfToken, responderProof } from "#protocol/sasl/ht-token.ts";
import { isMechanism } from "#protocol/sasl/mechanism.ts";
import { startClientMechanism } from "#protocol/sasl/start-client-mechanism.ts";
import { startServerMechanism } from "#protocol/sasl/start-server-mechanism.ts";
import type { ClientAttempt, SaslAnnouncement } from "#protocol/stream/initiating/config.ts";
import type { SecureChannel } from "#protocol/stream/secure-channel.ts";
import type { SaslOutput } from "#protocol/sasl/server-exchange.ts";
import { fakeCredentials, fakeKey, openPolicy } from "./fake-key-derivation.ts";
import { settleClient } from "./sasl-stage.ts";

/** Juliet's. */
export const password = "r0m30";
/** The one that her client has. */
export const clientToken = "t".repeat(htTokenCharactersMin);
export const clientTokenMechanism = "HT-SHA-256-NONE";

/** What the streams of the scripts are protected by. */
export const tls: SecureChannel = {
  bindings: { announced: [{ type: "tls-exporter", data: new Uint8Array(32).fill(9) }], tolerated: [] },
};

function random(bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(3);
}

/** What the client tries next: its token, if it has one and it is wanted, then the password by the best that is left. */
export function chooseAttempt(offer: SaslAnnouncement, hasToken: boolean): ClientAttempt | undefined {
  const { bindingTypes, channel, mechanisms, refused, tokenMechanisms } = offer;
  const tried = refused.map(({ mechanism }) => mechanism);
  if (hasToken && tokenMechanisms.includes(clientTokenMechanism) && !tried.includes(clientTokenMechanism))
    return {
      mechanism: clientTokenMechanism,
      exchange: htClient(
        { hash: "SHA-256", binding: "none" },
        { username: "juliet", token: clientToken, bindings: [] },
      ),
      token: { count: 1, invalidate: false },
    };
  const choice = chooseMechanism(
    { mechanisms, ...(bindingTypes === undefined ? {} : { bindingTypes }) },
    defaultSaslClientPolicy,
    {
      encrypted: channel !== undefined,
      bindings: channel?.bindings.announced ?? [],
      tried: tried.filter(isMechanism),
    },
  );
  if (!choice.ok) return undefined;
  const { binding, mechanism } = choice;
  const context = { username: "juliet", password, domain: "im.example", binding, random };
  return { mechanism, exchange: startClientMechanism(mechanism, context) };
}

const scram = "SCRAM-SHA-1";
/** What an honest server says by SCRAM, in base64: its nonces are the same each time, as the client's are. */
export const honestScram: { readonly challenge: string; readonly signature: string } = honestServer();

/** What it says to who has proven to have the token. */
export const honestTokenProof: string = base64Of(
  responderProof("SHA-256", keyOfToken("SHA-256", clientToken), new Uint8Array()),
);

function honestServer(): { readonly challenge: string; readonly signature: string } {
  const offer = { mechanisms: [scram], tokenMechanisms: [], bindingTypes: undefined, refused: [] } as const;
  const attempt = chooseAttempt({ ...offer, channel: tls, profile: "sasl2" }, false);
  assert.ok(attempt !== undefined);
  const server = startServerMechanism(scram, {
    policy: openPolicy,
    offered: [scram],
    bindings: [],
    encrypted: true,
    domain: "im.example",
    certificate: [],
    mayActAs: () => false,
    secret: random(32),
    random,
  });
  const known = fakeCredentials({ username: "juliet", domain: "im.example", password });
  const settled = (said: Uint8Array): SaslOutput => {
    let output = server.respond(said);
    while (output.type === "lookup" || output.type === "derive")
      output = output.type === "lookup" ? server.credentials(known) : server.derived(fakeKey(output));
    return output;
  };
  const challenge = settled(saidBy(attempt.exchange));
  assert.ok(challenge.type === "challenge");
  const success = settled(saidBy(attempt.exchange, challenge.data));
  assert.ok(success.type === "success" && success.data !== undefined);
  return { challenge: base64Of(challenge.data), signature: base64Of(success.data) };
}

function saidBy(client: SaslClientExchange, challenge?: Uint8Array): Uint8Array {
  const said = settleClient(client, challenge === undefined ? client.start() : client.challenge(challenge));
  assert.ok(said.type === "response");
  return said.data ?? new Uint8Array();
}

function base64Of(data: Uint8Array): string {
  return Buffer.from(data).toString("base64");
}
