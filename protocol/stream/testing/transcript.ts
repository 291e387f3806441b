import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReceivingConfig, StreamHost } from "../receiving/config.ts";
import { startReceiving } from "../receiving/receive.ts";
import type { SecureChannel } from "../secure-channel.ts";
import { tls } from "./client.ts";
import { hostOf, julietCredentials, serverAnswers, serverOf } from "./server.ts";
import { Wire } from "./wire.ts";

export const juliet = julietCredentials();

export const streams = "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'";
export const open = `<stream:stream to='im.example' version='1.0' ${streams}>`;
/** Our header. */
export const head = (id: number, more = "") =>
  `<?xml version='1.0'?><stream:stream from='im.example'${more} id='id${id}' version='1.0' xml:lang='en' ${streams}>`;
export const saslNs = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
export const tlsNs = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'";
export const smNs = "xmlns='urn:xmpp:sm:3'";
export const bindNs = "xmlns='urn:ietf:params:xml:ns:xmpp-bind'";
export const stanzasNs = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'";
export const mechanisms = (...names: string[]) =>
  `<mechanisms ${saslNs}>${names.map((name) => `<mechanism>${name}</mechanism>`).join("")}</mechanisms>`;
export const scrams = ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1"];
export const starttlsOnly = `<stream:features><starttls ${tlsNs}><required/></starttls></stream:features>`;
export const tlsFeatures = `<stream:features>${mechanisms(
  ...scrams.map((name) => `${name}-PLUS`),
  ...scrams,
  "DIGEST-MD5",
  "PLAIN",
  "ANONYMOUS",
)}<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/></sasl-channel-binding></stream:features>`;
export const lateFeatures = `<stream:features><bind ${bindNs}/><session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session><sm ${smNs}/></stream:features>`;
export const plain = `<auth ${saslNs} mechanism='PLAIN'>${Buffer.from("\0juliet\0r0m30").toString("base64")}</auth>`;
export const wrong = `<auth ${saslNs} mechanism='PLAIN'>${Buffer.from("\0juliet\0tybalt").toString("base64")}</auth>`;
export const success = `<success ${saslNs}/>`;
export const failure = (condition: string) => `<failure ${saslNs}><${condition}/></failure>`;
export const bind = (resource?: string) =>
  `<iq type='set' id='b'><bind ${bindNs}>${resource === undefined ? "" : `<resource>${resource}</resource>`}</bind></iq>`;
export const bound = (resource: string) =>
  `<iq type='result' id='b'><bind ${bindNs}><jid>juliet@im.example/${resource}</jid></bind></iq>`;
export const error = (condition: string, text?: string) =>
  `<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>${
    text === undefined ? "" : `<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>${text}</text>`
  }</stream:error></stream:stream>`;

export interface Setting {
  readonly host?: Partial<StreamHost>;
  readonly server?: Partial<ReceivingConfig>;
  readonly channel?: SecureChannel | undefined;
}

export function serve(setting: Setting = {}): Wire {
  const config = serverOf(hostOf("im.example", setting.host), setting.server);
  return new Wire(() => startReceiving(config, "channel" in setting ? setting.channel : tls), serverAnswers(juliet));
}

/** A stream of Juliet's, authenticated over direct TLS. */
export function authenticated(setting: Setting = {}): Wire {
  const wire = serve(setting);
  wire.write(open);
  wire.write(plain);
  wire.write(open);
  wire.take();
  return wire;
}

export function bindStream(setting: Setting = {}): Wire {
  const wire = authenticated(setting);
  wire.write(bind("balcony"));
  wire.take();
  return wire;
}

/** What the client sends, and all that must come back. */
export interface Exchange {
  readonly name: string;
  readonly setting?: Setting;
  readonly script: readonly (readonly [sent: string, answered: string])[];
  readonly phase?: string;
}

export function runTable(table: readonly Exchange[], start: (setting?: Setting) => Wire): void {
  for (const { name, phase, script, setting } of table) {
    test(name, () => {
      const wire = start(setting);
      for (const [sent, answered] of script) {
        wire.write(sent);
        assert.equal(sorted(wire.take()), sorted(answered));
      }
      if (phase !== undefined) assert.equal(wire.state.phase, phase);
    });
  }
}

/** The same text with the attributes of each tag in alphabetical order: their order means nothing. */
export function sorted(text: string): string {
  return text.replaceAll(/<([^\s<>/?!]+)((?:\s[^\s=]+='[^']*')+)/g, (_, name: string, attributes: string) => {
    const each = attributes.match(/\s[^\s=]+='[^']*'/g) ?? [];
    return `<${name}${each.toSorted().join("")}`;
  });
}
