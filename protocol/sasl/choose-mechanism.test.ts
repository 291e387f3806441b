import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChannelBinding } from "./channel-binding.ts";
import type { SaslOffers } from "./announcement-hash.ts";
import { chooseMechanism, defaultSaslClientPolicy, type SaslClientPolicy } from "./choose-mechanism.ts";
import type { Mechanism } from "./mechanism.ts";

const exporter: ChannelBinding = { type: "tls-exporter", data: new Uint8Array(32) };
const unique: ChannelBinding = { type: "tls-unique", data: new Uint8Array(12) };
const endPoint: ChannelBinding = { type: "tls-server-end-point", data: new Uint8Array(32) };
const able = { encrypted: true, bindings: [endPoint, exporter] };
const unable = { encrypted: true, bindings: [] };
const clear = { encrypted: false, bindings: [] };

const usual = [
  "PLAIN",
  "SCRAM-SHA-1",
  "SCRAM-SHA-256",
  "SCRAM-SHA-1-PLUS",
  "SCRAM-SHA-256-PLUS",
  "X-OAUTH2",
  "ANONYMOUS",
];
const unbound = usual.filter((name) => !name.endsWith("-PLUS"));

const cases: readonly {
  readonly name: string;
  readonly offers: SaslOffers;
  readonly channel?: {
    readonly encrypted: boolean;
    readonly bindings: readonly ChannelBinding[];
    readonly tried?: readonly Mechanism[];
    readonly profile?: "sasl2";
  };
  readonly policy?: Partial<SaslClientPolicy>;
  readonly chosen: string;
}[] = [
  {
    name: "the strongest, bound as strongly as both can, in whatever order they are offered [rfc6120-6.3.3-01] [rfc6120-6.3.3-02] [rfc6120-6.3.3-03] [rfc6120-13.8.1-03] [rfc6120-13.9.4-02]",
    offers: { mechanisms: usual, bindingTypes: ["tls-server-end-point", "tls-exporter"] },
    chosen: "SCRAM-SHA-256-PLUS tls-exporter",
  },
  {
    name: "the server certificate where it is all that both can [xep0440-3-04]",
    offers: { mechanisms: usual, bindingTypes: ["tls-server-end-point"] },
    chosen: "SCRAM-SHA-256-PLUS tls-server-end-point",
  },
  {
    name: "the strongest of ours where the server does not say [xep0440-3-08] [xep0440-3-12]",
    offers: { mechanisms: usual },
    chosen: "SCRAM-SHA-256-PLUS tls-exporter",
  },
  {
    name: "tls-unique on TLS 1.2",
    offers: { mechanisms: usual, bindingTypes: ["tls-unique", "tls-server-end-point"] },
    channel: { encrypted: true, bindings: [endPoint, unique] },
    chosen: "SCRAM-SHA-256-PLUS tls-unique",
  },
  {
    name: "a weaker hash that binds before a stronger one that does not",
    offers: { mechanisms: ["SCRAM-SHA-512", "SCRAM-SHA-1-PLUS"] },
    chosen: "SCRAM-SHA-1-PLUS tls-exporter",
  },
  {
    name: "y when nothing was offered that binds [xep0440-3-06]",
    offers: { mechanisms: unbound },
    chosen: "SCRAM-SHA-256 y",
  },
  {
    name: "n from who cannot bind [xep0440-3-05]",
    offers: { mechanisms: usual },
    channel: unable,
    chosen: "SCRAM-SHA-256 n",
  },
  {
    name: "n from who does not want to",
    offers: { mechanisms: usual },
    policy: { channelBinding: "never" },
    chosen: "SCRAM-SHA-256 n",
  },
  {
    name: "n when server and client have only different types, and the one that all have is there",
    offers: { mechanisms: usual, bindingTypes: ["tls-server-end-point"] },
    channel: { encrypted: true, bindings: [exporter] },
    chosen: "SCRAM-SHA-256 n",
  },
  {
    name: "A31 binding types without -PLUS: the list was changed [xep0440-3-10] [xep0474-7-01]",
    offers: { mechanisms: unbound, bindingTypes: ["tls-exporter"] },
    chosen: "offers-tampered",
  },
  {
    name: "A31 binding types that nobody has: the server must sign that it announced no other [xep0440-3-11] [xep0474-7-03] [xep0474-7-04]",
    offers: { mechanisms: usual, bindingTypes: ["tls-nonsense"] },
    chosen: "SCRAM-SHA-256 n, if signed",
  },
  {
    name: "A31 binding types that nobody has, and no SCRAM to sign them by: the list was changed [xep0440-3-11]",
    offers: { mechanisms: ["PLAIN", "SCRAM-SHA-1-PLUS"], bindingTypes: ["tls-nonsense"] },
    chosen: "offers-tampered",
  },
  {
    name: "A31 -PLUS without binding types by SASL2: the list was changed [xep0440-3-07]",
    offers: { mechanisms: usual },
    channel: { ...able, profile: "sasl2" },
    chosen: "offers-tampered",
  },
  {
    name: "A31 binding types without -PLUS by SASL2: the list was changed [xep0440-3-09]",
    offers: { mechanisms: unbound, bindingTypes: ["tls-server-end-point"] },
    channel: { ...able, profile: "sasl2" },
    chosen: "offers-tampered",
  },
  {
    name: "A31 -PLUS was refused: nothing weaker is tried",
    offers: { mechanisms: usual },
    channel: { ...able, tried: ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"] },
    chosen: "no-mechanism",
  },
  {
    name: "what was tried is not tried again",
    offers: { mechanisms: unbound },
    channel: { ...able, tried: ["SCRAM-SHA-256"] },
    chosen: "SCRAM-SHA-1 y",
  },
  {
    name: "A31 PLAIN is left when SCRAM was used the last time",
    offers: { mechanisms: ["PLAIN"] },
    policy: { weakest: "SCRAM-SHA-1" },
    chosen: "too-weak",
  },
  {
    name: "A31 SCRAM-SHA-1 is left when SCRAM-SHA-256 was used the last time",
    offers: { mechanisms: ["PLAIN", "SCRAM-SHA-1"] },
    policy: { weakest: "SCRAM-SHA-256" },
    chosen: "too-weak",
  },
  {
    name: "A31 nothing that binds is left when something was used the last time",
    offers: { mechanisms: unbound },
    policy: { weakest: "SCRAM-SHA-1-PLUS" },
    chosen: "too-weak",
  },
  {
    name: "A31 binding is required and not offered",
    offers: { mechanisms: unbound },
    policy: { channelBinding: "required" },
    chosen: "no-channel-binding",
  },
  {
    name: "A31 binding is required and we cannot",
    offers: { mechanisms: usual },
    channel: unable,
    policy: { channelBinding: "required" },
    chosen: "no-channel-binding",
  },
  {
    name: "binding is required and there",
    offers: { mechanisms: usual },
    policy: { channelBinding: "required" },
    chosen: "SCRAM-SHA-256-PLUS tls-exporter",
  },
  {
    name: "PLAIN under TLS when there is nothing else [rfc6120-6.3.3-04] [rfc6120-13.8.3-02] [rfc6120-13.8.3-03] [xep0474-7-05]",
    offers: { mechanisms: ["PLAIN", "LOGIN"] },
    channel: unable,
    chosen: "PLAIN n",
  },
  {
    name: "A31 PLAIN without TLS is not used [rfc6120-13.8.3-03]",
    offers: { mechanisms: ["PLAIN"] },
    channel: clear,
    chosen: "no-mechanism",
  },
  {
    name: "PLAIN without TLS when somebody wants it so",
    offers: { mechanisms: ["PLAIN"] },
    channel: clear,
    policy: { passwordInClear: true },
    chosen: "PLAIN n",
  },
  {
    name: "SCRAM without TLS",
    offers: { mechanisms: usual },
    channel: { ...clear, bindings: [exporter] },
    chosen: "SCRAM-SHA-256 n",
  },
  {
    name: "DIGEST-MD5 before PLAIN [rfc6120-6.3.3-02] [rfc6120-13.8.3-03]",
    offers: { mechanisms: ["PLAIN", "DIGEST-MD5"] },
    channel: unable,
    chosen: "DIGEST-MD5 n",
  },
  {
    name: "a certificate uses EXTERNAL, wherever on the list it is [rfc6120-6.3.4-04]",
    offers: { mechanisms: [...usual, "EXTERNAL"] },
    policy: { credentials: "certificate" },
    chosen: "EXTERNAL n",
  },
  {
    name: "a certificate is as good as a binding",
    offers: { mechanisms: ["EXTERNAL", ...usual] },
    policy: { credentials: "certificate", channelBinding: "required" },
    chosen: "EXTERNAL n",
  },
  {
    name: "a certificate has no password for the others",
    offers: { mechanisms: usual },
    policy: { credentials: "certificate" },
    chosen: "no-mechanism",
  },
  {
    name: "A31 a password is not for EXTERNAL or ANONYMOUS",
    offers: { mechanisms: ["EXTERNAL", "ANONYMOUS"] },
    chosen: "no-mechanism",
  },
  {
    name: "nobody in particular uses ANONYMOUS",
    offers: { mechanisms: usual },
    policy: { credentials: "anonymous", weakest: "ANONYMOUS" },
    channel: unable,
    chosen: "ANONYMOUS n",
  },
  { name: "nothing offered", offers: { mechanisms: [] }, chosen: "no-mechanism" },
];

for (const { name, offers, channel = able, policy, chosen } of cases) {
  test(`choice: ${name}`, () => {
    const choice = chooseMechanism(offers, { ...defaultSaslClientPolicy, ...policy }, channel);
    if (!choice.ok) return assert.equal(choice.reason, chosen);
    const binding = typeof choice.binding === "string" ? choice.binding : choice.binding.type;
    const condition = choice.announcementRequired ? ", if signed" : "";
    return assert.equal(`${choice.mechanism} ${binding}${condition}`, chosen);
  });
}
