import { createHmac } from "node:crypto";
import type { DomainJid, Jid } from "#protocol/jid/jid.ts";
import { dialbackKeys } from "#protocol/stream/servers/dialback-key.ts";
import type { ServerHostAnswer } from "#protocol/stream/servers/server-config.ts";
import { randomToken } from "#kit/env.ts";
import type { Stanza } from "#kit/stanza.ts";
import type { ConnectionServices } from "../link/connection.ts";
import type { PeerTrust } from "../trust/peer-trust.ts";
import type { InDoubt } from "./absences.ts";
import type { Dialer } from "./dialer.ts";
import { Federation } from "./federation.ts";
import type { FederationLimits } from "./federation-limits.ts";
import type { FederationObserver } from "./federation-observer.ts";
import type { OutgoingStore } from "./outgoing-store.ts";
import type { FederationPolicy } from "./policy.ts";

/** What a server needs from outside to talk to others; without it, it talks to none. */
export interface FederationMeans {
  readonly dialer: Dialer;
  readonly trust: PeerTrust;
  /** Whether a host has a certificate to show; by default each has. */
  readonly certified?: (domain: DomainJid) => boolean;
}

/** Puts the federation of a core together. */
export function makeFederation(parts: {
  readonly means: FederationMeans;
  readonly limits: FederationLimits;
  readonly connection: ConnectionServices;
  readonly outgoing: OutgoingStore;
  readonly secret: Uint8Array;
  /** Who we are to a peer that names none of us. */
  readonly defaultDomain: () => DomainJid;
  readonly parseJid: (text: string) => Jid | undefined;
  /** Whether a domain is ours: a host's or a component's. */
  readonly serves: (domain: DomainJid) => boolean;
  readonly isFormer: (domain: DomainJid) => boolean;
  readonly policyOf: (domain: DomainJid) => FederationPolicy | undefined;
  readonly route: (stanza: Stanza) => void;
  readonly inDoubt: InDoubt;
  readonly observer: FederationObserver;
}): Federation {
  const { means, limits, connection, defaultDomain, parseJid, policyOf, route, observer } = parts;
  const host = (domain: DomainJid): ServerHostAnswer => {
    const policy = parts.serves(domain) ? policyOf(domain) : undefined;
    if (policy === undefined) return { type: parts.isFormer(domain) ? "gone" : "unknown" };
    const { security, admits, bidirectional, streamManagement = true } = policy;
    const certified = means.certified?.(domain) ?? true;
    const languages = ["en"] as const;
    return {
      type: "served",
      host: { domain, languages, security, certified, admits, bidirectional, streamManagement },
    };
  };
  return new Federation({
    connection,
    limits,
    dialer: means.dialer,
    trust: means.trust,
    side: {
      get defaultDomain() {
        return defaultDomain();
      },
      host,
      newStreamId: () => randomToken(connection.env),
      dialbackKey: dialbackKeys(dialbackSecret(parts.secret)),
      limits: { openVerificationsMax: limits.verificationsPerStreamMax },
    },
    outgoing: parts.outgoing,
    parseJid,
    isOurs: parts.serves,
    policyOf,
    route,
    inDoubt: parts.inDoubt,
    observer,
  });
}

/** What all our servers of one store have in common, and nothing else is made of. */
function dialbackSecret(secret: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac("sha256", secret).update("server dialback").digest());
}
