import type { TLSSocket } from "node:tls";
import { channelBindings, type TlsConnection } from "#protocol/sasl/channel-binding.ts";
import type { SecureChannel } from "#protocol/stream/secure-channel.ts";
import type { CertificateStore } from "./certificate-store.ts";
import { expiryOfPeer, provenIdentities } from "./client-authorities.ts";

/** RFC 9266 §2 */
const exporterBytes = 32;
const exporterLabel = "EXPORTER-Channel-Binding";

export interface ChannelParts {
  readonly certificates: Pick<CertificateStore, "find" | "first" | "replacedAt" | "clientAuthorities">;
  /** How long a session ticket is good for, in milliseconds. */
  readonly ticketMs: number;
  readonly now: () => number;
  /** Whose certificate was shown to a client that named none. */
  readonly domain?: string | undefined;
}

/** What the stream machine needs to know about a finished TLS handshake on the server's side. */
export function secureChannel(socket: TLSSocket, parts: ChannelParts): SecureChannel {
  const bindings = channelBindings(tlsConnection(socket, parts));
  const { clientAuthorities } = parts.certificates;
  if (clientAuthorities === undefined) return { bindings };
  const certificate = provenIdentities(socket, clientAuthorities, parts.now());
  return certificate.length === 0
    ? { bindings, certificate }
    : { bindings, certificate, certifiedUntil: expiryOfPeer(socket) };
}

export function tlsConnection(socket: TLSSocket, parts: ChannelParts): TlsConnection {
  const version = versionOf(socket);
  const resumed = socket.isSessionReused();
  // The first Finished is the client's, but on a resumed session before TLS 1.3 the server's. RFC 5929 §3.1
  const finished = resumed && version !== "TLSv1.3" ? socket.getFinished() : socket.getPeerFinished();
  const exporter = version === "TLSv1.3" ? exporterOf(socket) : undefined;
  const endPoint = endPointFor(socket, version, resumed, parts);
  return {
    version,
    resumed,
    // Node does not tell, and without it an exporter or a resumed session before TLS 1.3 proves nothing (RFC 7627).
    extendedMasterSecret: version === "TLSv1.3",
    ...(exporter && { exporter }),
    ...(finished && { finished }),
    ...(endPoint && { endPoint }),
  };
}

function exporterOf(socket: TLSSocket): Uint8Array {
  // An empty context, which is not the same as none before TLS 1.3.
  return socket.exportKeyingMaterial(exporterBytes, exporterLabel, Buffer.alloc(0));
}

/**
 * A resumed session shows no certificate: the client goes by the one that it saw when it got its ticket. That may be
 * another one than ours today where the host's certificate was replaced since, and before TLS 1.3 the server name of
 * the first handshake is lost, so that we cannot even tell whose it was. Then there is no end point to bind to.
 */
function endPointFor(
  socket: TLSSocket,
  version: string,
  resumed: boolean,
  parts: ChannelParts,
): Uint8Array | undefined {
  if (resumed && version !== "TLSv1.3") return undefined;
  const { servername } = socket;
  const name = typeof servername === "string" && servername !== "" ? servername : (parts.domain ?? "");
  const certificate = parts.certificates.find(name) ?? parts.certificates.first;
  const replacedAt = parts.certificates.replacedAt(certificate.domain);
  const isOld = replacedAt !== undefined && parts.now() - replacedAt <= parts.ticketMs;
  if (resumed) return isOld ? undefined : certificate.endPoint;
  // A reload may have come between the handshake and this question.
  const sent = socket.getX509Certificate();
  return sent?.fingerprint256 === certificate.leaf.fingerprint256 ? certificate.endPoint : undefined;
}

function versionOf(socket: TLSSocket): TlsConnection["version"] {
  const version = socket.getProtocol();
  switch (version) {
    case "TLSv1":
    case "TLSv1.1":
    case "TLSv1.2":
    case "TLSv1.3":
      return version;
    default:
      throw new Error(`asked about TLS on a connection that has ${version ?? "none"}`);
  }
}
