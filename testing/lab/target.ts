import type { Daemon } from "./process.ts";
import type { KeyPair } from "./certificates.ts";

/**
 * A server program that the lab can put under test. The server must serve the virtual hosts of network.ts on
 * `serverAddress`, STARTTLS on 5222 and direct TLS on 5223, with the certificate given; TLS is required.
 */
export interface Target {
  readonly name: string;
  /** What the scenarios may ask of it. Tests are made from this: what is not listed is not there, rather than skipped. */
  readonly abilities: Abilities;
  readonly start: (place: Place) => Promise<Daemon>;
  readonly addUser: (place: Place, user: Account) => Promise<void>;
}

export interface Abilities {
  /** SASL mechanisms offered with an ordinary certificate; DIGEST-MD5 only where `digestMd5` is set. */
  readonly mechanisms: readonly string[];
  readonly anonymous: boolean;
  readonly openRegistration: boolean;
  readonly lastActivityOfServer: boolean;
  /** External components, as Settings want them. */
  readonly components: boolean;
  /** Features that it has, or has not, but does not list in its service discovery. */
  readonly unannounced: readonly string[];
}

export interface Account {
  readonly jid: string;
  readonly password: string;
}

/** Where a server is started, and how. */
export interface Place {
  /** Its own, writable; keeps its data over a restart. */
  readonly dir: string;
  readonly certificate: KeyPair;
  /** The authority whose client certificates it accepts for EXTERNAL. */
  readonly authority: string;
  readonly settings: Settings;
}

export interface Settings {
  /** Offer DIGEST-MD5 on ours.test. */
  readonly digestMd5?: boolean;
  /** Offer ANONYMOUS on anonymous.ours.test, and on others if need be. */
  readonly anonymous?: boolean;
  /** Ask clients for a certificate and offer EXTERNAL on ours.test. */
  readonly external?: boolean;
  /** Talk to other servers, on 5269 (STARTTLS) and 5270 (direct TLS). */
  readonly federation?: Federation;
  /** External components (XEP-0114), which connect to componentAddress on port 5347. */
  readonly components?: readonly ComponentAccount[];
}

export interface ComponentAccount {
  readonly domain: string;
  readonly secret: string;
}

export interface Federation {
  /** What is asked of them: a good certificate; TLS and dialback where the certificate is not good; or dialback, also without TLS. */
  readonly security: "certificate" | "dialback" | "plain";
  /** Stanzas both ways on one stream. Default: no. */
  readonly bidirectional?: boolean;
  /** To be asked instead of the lab's resolver; whether it checks signatures (DNSSEC), and is to be believed. */
  readonly resolver?: { readonly address: string; readonly validates: boolean };
  /** Ask domains' web servers about their certificates (RFC 7711). Default: no. */
  readonly posh?: boolean;
  /** Domains that it does not talk to. */
  readonly block?: readonly string[];
  /** Takes streams up again that were cut. Default: yes. */
  readonly resumes?: boolean;
  /** Stanzas that may wait for one domain. Default: more than any scenario sends. */
  readonly queueStanzasMax?: number;
}
