import { pbkdf2Sync } from "node:crypto";
import {
  bareOf,
  isBare,
  isDomain,
  isFull,
  parseJid,
  withResource,
  type BareJid,
  type DomainJid,
  type FullJid,
} from "#protocol/jid/jid.ts";
import { makeCredentials } from "#protocol/sasl/make-credentials.ts";
import type { SaslDerive } from "#protocol/sasl/server-exchange.ts";
import { defaultSaslServerPolicy, type SaslServerPolicy, scramIterationsMin } from "#protocol/sasl/server-policy.ts";
import type { StoredCredentials } from "#protocol/sasl/stored-credentials.ts";
import { resultOf } from "#protocol/stanza/iq.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { QuestionEffect } from "../stream-effect.ts";
import type { StreamInput } from "../stream-input.ts";
import type { ReceivingConfig, StreamHost } from "../receiving/config.ts";

export function domain(text: string): DomainJid {
  const jid = parseJid(text);
  if (jid === undefined || !isDomain(jid)) throw new Error(`not a domain: ${text}`);
  return jid;
}

export function bare(text: string): BareJid {
  const jid = parseJid(text);
  if (jid === undefined || !isBare(jid)) throw new Error(`not a bare JID: ${text}`);
  return jid;
}

export function full(text: string): FullJid {
  const jid = parseJid(text);
  if (jid === undefined || !isFull(jid)) throw new Error(`not a full JID: ${text}`);
  return jid;
}

/** Every mechanism, as cheap as the rules allow. */
export const openPolicy: SaslServerPolicy = {
  ...defaultSaslServerPolicy,
  scramIterations: scramIterationsMin,
  digestMd5: true,
  anonymous: true,
};

/** Not random at all: transcripts repeat. */
export function countingRandom(): (bytes: number) => Uint8Array {
  let next = 0;
  return (bytes) => Uint8Array.from({ length: bytes }, () => next++ & 0xff);
}

export function hostOf(name: string, changes: Partial<StreamHost> = {}): StreamHost {
  return {
    domain: domain(name),
    languages: ["en", "de"],
    startTls: "optional",
    sasl: { policy: openPolicy, secret: new Uint8Array(32).fill(7), random: countingRandom() },
    features: () => [],
    streamManagement: true,
    acceptsLegacyPeers: false,
    acceptsEarly: (iq) => iq.firstElement?.ns === "jabber:iq:register",
    acceptsNonza: (element) => element.ns === "urn:xmpp:csi:0",
    ...changes,
  };
}

/** A server of one host, and of a domain that it gave up. */
export function serverOf(host: StreamHost, changes: Partial<ReceivingConfig> = {}): ReceivingConfig {
  let streams = 0;
  return {
    contentNamespace: "jabber:client",
    defaultDomain: host.domain,
    acceptsMissingTo: false,
    host: (name) => {
      if (name === host.domain) return { type: "served", host };
      return { type: name === "gone.example" ? "gone" : "unknown" };
    },
    newStreamId: () => `id${++streams}`,
    ...changes,
  };
}

export function derive(request: SaslDerive): StreamInput {
  const { hash, iterations, length, password, salt } = request;
  return { type: "derived", key: pbkdf2Sync(password, salt, iterations, length, hash.replace("-", "")) };
}

/** Juliet's account, her password is r0m30. */
export function julietCredentials(policy: SaslServerPolicy = openPolicy): StoredCredentials {
  const random = countingRandom();
  const maker = makeCredentials({ username: "juliet", domain: "im.example", password: "r0m30", policy, random });
  let made = maker.start();
  while (made.type === "derive") {
    const answer = derive(made);
    if (answer.type === "derived") made = maker.derived(answer.key);
  }
  if (made.type === "refused") throw new Error("a good password");
  return made.credentials;
}

/**
 * What a server answers: Juliet exists; resource `taken` is in use and `ghost` refused; the stream `sm-1` can be resumed
 * and `sm-0` no more.
 */
export function serverAnswers(juliet: StoredCredentials): (question: QuestionEffect) => StreamInput | undefined {
  return (question) => {
    switch (question.type) {
      case "lookupCredentials":
        return { type: "credentials", found: question.username === "juliet" ? juliet : undefined };
      case "derive":
        return derive(question);
      case "authorize":
        return { type: "authorized", user: question.user };
      case "earlyRequest":
        return { type: "earlyReply", element: resultOf(question.element) };
      case "bindResource":
        return bindAnswer(question.user, question.requested);
      case "enableSm":
        return question.resume
          ? { type: "smEnabled", resumption: { id: "sm-1", secondsMax: 300 } }
          : { type: "smEnabled" };
      case "resumeSm":
        return resumeAnswer(question.user, question.previous);
      default:
        return undefined;
    }
  };
}

function bindAnswer(user: BareJid, requested: string | undefined): StreamInput {
  const jid = withResource(user, requested ?? "generated");
  if (jid === undefined) return { type: "bindFailed", error: new StanzaError("bad-request") };
  if (requested === "taken") return { type: "bindFailed", error: new StanzaError("conflict") };
  if (requested === "ghost") return { type: "bindFailed", error: new StanzaError("not-allowed") };
  if (requested === "many") return { type: "bindFailed", error: new StanzaError("resource-constraint") };
  return { type: "bound", jid };
}

function resumeAnswer(user: BareJid, previous: string): StreamInput {
  const jid = withResource(bareOf(user), "balcony");
  if (previous === "sm-1" && jid !== undefined) return { type: "smResumed", jid, h: 5 };
  return previous === "sm-0"
    ? { type: "smFailed", condition: "item-not-found", h: 7 }
    : { type: "smFailed", condition: "item-not-found" };
}
