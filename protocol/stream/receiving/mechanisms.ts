import { makeJid, parseJid, bareOf, type BareJid } from "#protocol/jid/jid.ts";
import { htMechanisms } from "#protocol/sasl/ht-mechanism.ts";
import { isMechanism } from "#protocol/sasl/mechanism.ts";
import type { CertificateIdentity, SaslServerContext } from "#protocol/sasl/server-context.ts";
import { announcedBindingTypes, type SaslServerTransport, serverMechanisms } from "#protocol/sasl/server-policy.ts";
import type { SecureChannel } from "../secure-channel.ts";
import type { ReceivingFacts } from "./state.ts";
import type { StreamHost } from "./config.ts";

/** The mechanisms for a stream, strongest first. */
export function offeredMechanisms(host: StreamHost, channel: SecureChannel | undefined): readonly string[] {
  // [rfc6120-6.2-01] [rfc6120-13.5-01]
  return serverMechanisms(host.sasl.policy, transportOf(host, channel));
}

/** The types of channel binding to announce with them. XEP-0440 */
export function offeredBindingTypes(host: StreamHost, channel: SecureChannel | undefined): readonly string[] {
  return announcedBindingTypes(host.sasl.policy, transportOf(host, channel));
}

/** The mechanisms for tokens. XEP-0484 */
export function offeredTokenMechanisms(host: StreamHost, channel: SecureChannel | undefined): readonly string[] {
  return host.sasl2?.tokens === true ? htMechanisms(host.sasl.policy, transportOf(host, channel)) : [];
}

/** Why a mechanism that was not offered is refused. RFC 6120 §6.5.4, §6.5.7, §6.5.9 */
export function refusalOf(
  mechanism: string,
  host: StreamHost,
  channel: SecureChannel | undefined,
): "encryption-required" | "invalid-mechanism" | "mechanism-too-weak" {
  if (!isMechanism(mechanism)) return "invalid-mechanism";
  // Before TLS we say what TLS would change, whether or not it is announced (A22). [rfc6120-6.3.4-01]
  const underTls = serverMechanisms(host.sasl.policy, { ...transportOf(host, channel), encrypted: true });
  if (channel === undefined && underTls.includes(mechanism)) return "encryption-required";
  const showsTooMuch = mechanism === "PLAIN" || mechanism === "DIGEST-MD5" || /^SCRAM-.*(?<!-PLUS)$/.test(mechanism);
  return showsTooMuch ? "mechanism-too-weak" : "invalid-mechanism";
}

/** What an exchange may know of this stream. */
export function contextOf(
  facts: ReceivingFacts,
  host: StreamHost,
  offered: readonly string[],
  more: Pick<SaslServerContext, "announced" | "device"> = {},
): SaslServerContext {
  const { channel } = facts;
  const { policy, random, secret } = host.sasl;
  const context: SaslServerContext = {
    ...more,
    policy,
    offered,
    bindings: channel === undefined ? [] : [...channel.bindings.announced, ...channel.bindings.tolerated],
    encrypted: channel !== undefined,
    domain: host.domain,
    certificate: identitiesAt(host, channel),
    mayActAs: (authcid, authzid) => mayActAs(host, authcid, authzid),
    secret,
    random,
  };
  return facts.from === undefined ? context : { ...context, from: facts.from };
}

/** The account of a user name at this host. */
export function accountOf(host: StreamHost, authcid: string): BareJid | undefined {
  const jid = makeJid(authcid, host.domain);
  return jid === undefined ? undefined : bareOf(jid);
}

/** To be oneself is always allowed; to be someone else takes the host's word. A24 [rfc6120-6.3.8-06] */
function mayActAs(host: StreamHost, authcid: string, authzid: string): boolean {
  const user = accountOf(host, authcid);
  const other = parseJid(authzid);
  // A full JID is nobody's identity. [rfc6120-6.3.8-04]
  if (user === undefined || other === undefined || bareOf(other) !== other) return false;
  // [rfc6120-6.3.8-01]
  return user === other || (host.sasl.mayActAs?.(user, bareOf(other)) ?? false);
}

/**
 * Those that a certificate proves at this host. A mechanism goes by the user name alone, so that an account of the same
 * name at another domain must not get this far.
 */
function identitiesAt(host: StreamHost, channel: SecureChannel | undefined): readonly CertificateIdentity[] {
  // [rfc6120-13.7.2.2.1-04]
  return (channel?.certificate ?? []).filter(
    ({ address, username }) => username === undefined || accountOf(host, username) === address,
  );
}

function transportOf(host: StreamHost, channel: SecureChannel | undefined): SaslServerTransport {
  return {
    encrypted: channel !== undefined,
    bindings: channel?.bindings.announced ?? [],
    certified: identitiesAt(host, channel).length > 0,
  };
}
