import type { DomainJid } from "#protocol/jid/jid.ts";
import { scramHashes, type ScramHash } from "#protocol/sasl/scram-hash.ts";
import type { SaslServerPolicy } from "#protocol/sasl/server-policy.ts";
import { defaultXmlLimits, type XmlLimits } from "#protocol/xml/limits.ts";
import type { Config, HostConfig } from "./config/config.ts";
import type { CoreSettings, HostSettings } from "./core-settings.ts";
import { componentLimitsOf } from "./components/component-config.ts";
import { federationLimits, federationPolicy, serverConnectionLimits } from "./s2s/federation-of-config.ts";
import type { LinkLimits, Rate } from "./link/link-limits.ts";

const dayMs = 24 * 3_600_000;
/** Log-in and registration take some tens; each is an object, which costs us more than its bytes cost the peer (A3). */
const elementsMaxBeforeLogin = 128;
/** What stands for "never" where a timer is set: Node's longest. */
const neverMs = 2_147_483_647;

/** What the core runs with, made of what balcony.toml says; which components there are depends on their secrets, too. */
export function coreSettings(config: Config): Omit<CoreSettings, "components"> {
  const [first, ...others] = config.hosts.map((host) => hostSettings(config, host));
  if (first === undefined) throw new Error("a checked configuration has a host");
  const { account, login } = config.limits;
  return {
    hosts: [first, ...others],
    sasl: saslPolicy(config),
    link: linkLimits(config),
    session: {
      resumeSecondsMax: config.sessions.resumeSeconds ?? 0,
      unacknowledged: {
        entriesMax: account.unacknowledgedStanzasMax,
        bytesMax: account.unacknowledgedBytesMax,
      },
    },
    resourceConflict: config.sessions.resourceConflict,
    sessionsPerAccountMax: account.sessionsMax,
    ...(Number.isFinite(config.limits.rate.sessionRecipientsMax) && {
      recipients: {
        max: config.limits.rate.sessionRecipientsMax,
        windowMs: config.limits.rate.sessionRecipientsSeconds * 1_000,
      },
    }),
    mailboxStanzasMax: account.mailboxStanzasMax,
    failedLogins: Number.isFinite(login.failuresMax)
      ? { max: login.failuresMax, windowMs: login.failuresWindowSeconds * 1_000 }
      : undefined,
    failedLoginsPerConnectionMax: login.failuresPerConnectionMax,
    componentLimits: componentLimitsOf(config, linkLimits(config)),
    federation: federationLimits(config),
    serverLink: serverConnectionLimits(config, linkLimits(config)),
    jidCacheEntriesMax: 10_000,
    tombstoneMs: account.tombstoneDays * dayMs,
  };
}

/** A host as balcony.toml has it: what its own table says, else what holds for all. */
export function hostSettings(config: Config, host: HostConfig): HostSettings {
  const valueOf = (feature: string, key: string): unknown =>
    host.features[feature]?.[key] ?? config.features[feature]?.[key];
  const federation = federationPolicy(config, host);
  return {
    ...(federation !== undefined && { federation }),
    domain: host.domain satisfies DomainJid,
    contacts: host.contacts,
    enabled: (module) => valueOf(module.name, "enabled") !== false,
    configured: (module, option) =>
      option.setBy === undefined ? valueOf(module.name, option.key) : setElsewhere(config, host, option.setBy),
  };
}

/** Options of features that have their keys outside `[features]`, because they are the host's or everybody's. */
function setElsewhere({ limits: { login } }: Config, host: HostConfig, key: string): unknown {
  switch (key) {
    case "hosts.registration":
      return host.registration;
    case "limits.login.registrations_per_address_max":
      return login.registrationsPerAddressMax;
    case "limits.login.registrations_window_seconds":
      return login.registrationsWindowSeconds;
    default:
      throw new Error(`no feature can be set by ${key}`);
  }
}

function saslPolicy({ auth, tls }: Config): SaslServerPolicy {
  const wanted = scramHashes.filter((hash) => auth.mechanisms.some((name) => name === `SCRAM-${hash}`));
  const [first = "SHA-256", ...others]: readonly ScramHash[] = wanted.includes("SHA-256")
    ? ["SHA-256", ...wanted.filter((hash) => hash !== "SHA-256")]
    : wanted;
  return {
    scramHashes: [first, ...others],
    scramOffered: wanted,
    scramIterations: auth.scramIterations,
    scramWithoutTls: auth.scramWithoutTls,
    plain: auth.mechanisms.includes("PLAIN") ? "tls" : "never",
    digestMd5: auth.digestMd5,
    anonymous: auth.anonymous,
    external: tls.clientAuthorities !== undefined,
    channelBinding: auth.channelBinding,
  };
}

function linkLimits({ limits: { stream, rate }, sessions }: Config): LinkLimits {
  const xml: XmlLimits = {
    ...defaultXmlLimits,
    // [rfc6120-13.12-08] [rfc6120-13.12-10]
    elementBytesMax: stream.stanzaBytesMax,
    headerBytesMax: stream.headerBytesMax,
    depthMax: stream.depthMax,
    attributesMax: stream.attributesMax,
    namespacesMax: stream.namespacesMax,
    nameLengthMax: stream.nameBytesMax,
    childrenMax: stream.childrenMax,
  };
  return {
    xml,
    xmlBeforeAuthentication: {
      ...xml,
      elementBytesMax: stream.stanzaBytesMaxBeforeLogin,
      elementsMax: elementsMaxBeforeLogin,
    },
    // [rfc6120-13.12-14]
    bytesRate: bucket(rate.sessionBytesPerSecond, rate.sessionBytesBurst),
    stanzasRate: bucket(rate.sessionStanzasPerSecond, rate.sessionStanzasBurst),
    addressBytesRate: bucket(rate.addressBytesPerSecond, rate.addressBytesBurst),
    addressStanzasRate: bucket(rate.addressStanzasPerSecond, rate.addressStanzasBurst),
    // [rfc6120-4.6.4-01]
    pingAfterMs: sessions.pingAfterSilentSeconds === undefined ? undefined : sessions.pingAfterSilentSeconds * 1_000,
    pingAnswerMsMax: sessions.pingAnswerSeconds * 1_000,
    ackAnswerMsMax: sessions.ackAnswerSeconds * 1_000,
    negotiationMsMax: stream.negotiationSecondsMax === undefined ? neverMs : stream.negotiationSecondsMax * 1_000,
    closingMsMax: stream.closingSecondsMax * 1_000,
    unsentBytesMax: stream.unsentBytesMax,
  };
}

function bucket(perSecond: number, burst: number): Rate | undefined {
  return Number.isFinite(perSecond) ? { perSecond, burst } : undefined;
}
