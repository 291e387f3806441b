import { constants } from "node:crypto";
import type { Socket } from "node:net";
import { connect, createSecureContext, type SecureContext, type TLSSocket } from "node:tls";
import { domainToASCII } from "node:url";
import type { DomainJid } from "#protocol/jid/jid.ts";
import { unboundChannel, type SecureChannel } from "#protocol/stream/secure-channel.ts";
import type { Env } from "#kit/env.ts";
import type { CertificateStore } from "./certificate-store.ts";
import type { LoadedCertificate } from "./load-certificate.ts";
import { peerChain } from "./peer-chain.ts";

/** The name of our protocol in handshakes that begin with the first byte (XEP-0368). */
export const serverAlpn = "xmpp-server";

/**
 * No session is taken up again between servers: a ticket holds the peer's own certificate and none of those between it
 * and its authority, so that who was trusted once could not be judged again. Connections of servers last long, and a
 * handshake more is no loss.
 */
export const peerSecureOptions = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_TICKET;

/**
 * The hosts' certificates for talking to other servers, on either side of a connection. They are not those of the
 * clients' listeners, which ask for certificates of the authorities that the administrator chose for users.
 */
export class PeerContexts {
  readonly #certificates: Pick<CertificateStore, "find" | "first" | "contextSettings">;
  /** By certificate: a reload brings other ones. */
  #contexts = new WeakMap<LoadedCertificate, SecureContext>();
  #settings: object | undefined;

  constructor(certificates: Pick<CertificateStore, "find" | "first" | "contextSettings">) {
    this.#certificates = certificates;
  }

  /** For a domain of ours: see {@link certificateFor}. */
  contextFor(domain: string): SecureContext {
    const settings = this.#certificates.contextSettings;
    if (settings !== this.#settings) {
      this.#settings = settings;
      this.#contexts = new WeakMap();
    }
    const certificate = certificateFor(this.#certificates, domain);
    const known = this.#contexts.get(certificate);
    if (known !== undefined) return known;
    const { minVersion, ciphers } = settings;
    const context = createSecureContext({
      cert: certificate.pem.certificate,
      key: certificate.pem.key,
      minVersion,
      ...(ciphers && { ciphers }),
      secureOptions: peerSecureOptions,
    });
    this.#contexts.set(certificate, context);
    return context;
  }
}

/** A host's own; for what is below a host, such as a component, the host's; or else the first one's. */
export function certificateFor(
  certificates: Pick<CertificateStore, "find" | "first">,
  domain: string,
): LoadedCertificate {
  for (let name = domain; name.includes("."); name = name.slice(name.indexOf(".") + 1)) {
    const found = certificates.find(name);
    if (found !== undefined) return found;
  }
  return certificates.find(domain) ?? certificates.first;
}

export interface PeerHandshake {
  /** Our host, whose certificate is shown to who asks for one. */
  readonly local: DomainJid;
  /** The domain that we want to reach, whatever the name of the machine. */
  readonly remote: DomainJid;
  /** Whether TLS begins with the first byte. */
  readonly direct: boolean;
}

export interface PeerTlsParts {
  readonly contexts: PeerContexts;
  readonly handshakeMsMax: number;
  readonly env: Pick<Env, "setTimer">;
  /** A handshake that came to nothing: the error's code. */
  readonly handshakeFailed: (code: string, remoteAddress: string | undefined) => void;
}

/**
 * Begins TLS on a connection, as its client. `secured` is called once: with the encrypted socket, whoever is at its other
 * end, or with undefined when there is none. Certificates are judged later, with the domain in view.
 */
export function startPeerTls(
  raw: Socket,
  { local, remote, direct }: PeerHandshake,
  { contexts, handshakeMsMax, env, handshakeFailed }: PeerTlsParts,
  secured: (socket: TLSSocket | undefined) => void,
): void {
  const { remoteAddress } = raw;
  const socket = connect({
    socket: raw,
    secureContext: contexts.contextFor(local),
    // An address is no server name (RFC 6066 §3); Node would refuse it. [xep0368-3-07] [rfc7673-4.1-02]
    ...(serverName(remote) !== undefined && { servername: serverName(remote) }),
    // [xep0368-3-08]
    ...(direct && { ALPNProtocols: [serverAlpn] }),
    rejectUnauthorized: false,
  });
  let isOpen = true;
  const finish = (result: TLSSocket | undefined, code?: string): void => {
    if (!isOpen) return;
    isOpen = false;
    timer.cancel();
    socket.off("secureConnect", done);
    socket.off("error", failed);
    socket.off("close", closed);
    if (result === undefined) {
      handshakeFailed(code ?? "closed", remoteAddress);
      socket.on("error", ignore);
      socket.destroy();
      raw.destroy();
    }
    secured(result);
  };
  const done = (): void => finish(socket);
  const failed = (error: Error): void => finish(undefined, "code" in error ? String(error.code) : error.message);
  const closed = (): void => finish(undefined);
  const timer = env.setTimer(handshakeMsMax, () => finish(undefined, "timeout"));
  socket.on("secureConnect", done);
  socket.on("error", failed);
  socket.on("close", closed);
}

/** What stream machine and trust need to know of a finished handshake with a server, on either side and however it began. [xep0368-3-05] */
export function peerChannel(socket: TLSSocket): SecureChannel {
  return new PeerChannel(socket);
}

class PeerChannel implements SecureChannel {
  readonly bindings = unboundChannel.bindings;
  readonly #socket: TLSSocket;

  constructor(socket: TLSSocket) {
    this.#socket = socket;
  }

  /**
   * Read when it is asked for, which is seldom: kept here it would weigh more than the rest of a stream. A connection that
   * is gone has shown nothing.
   */
  get peerChain(): readonly Uint8Array[] {
    return peerChain(this.#socket);
  }
}

/** As TLS carries it: in ASCII; undefined of an address. */
export function serverName(domain: string): string | undefined {
  if (/^\[|^[\d.]+$/.test(domain)) return undefined;
  return domainToASCII(domain) || undefined;
}

function ignore(): void {}
