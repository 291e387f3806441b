import { NS_BIND, NS_SESSION } from "#protocol/xml/namespaces.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { AccountIqHandler } from "#kit/iq.ts";
import { serverModule } from "#kit/server-module.ts";

/**
 * Requests of stream negotiation that come when it is over: a second resource is refused, and the session that old
 * clients ask for is granted and means nothing (RFC 6120 §7, RFC 3921 §3).
 */
export const lateNegotiation = serverModule({
  name: "late-negotiation",
  indispensable: true,
  implements: [{ rfc: 3921, title: "Session establishment, for old clients", version: "3", status: "complete" }],
  start: () => ({
    iq: [
      // [rfc6121-1.4-01]
      answering(NS_SESSION, "session", () => undefined),
      // RFC 3921 addresses it to the host.
      { at: "host", type: "set", ns: NS_SESSION, name: "session", handle: () => undefined },
      answering(NS_BIND, "bind", () => {
        throw new StanzaError("not-allowed", { text: "the stream has a resource" });
      }),
    ],
  }),
});

function answering(ns: string, name: string, handle: () => undefined): AccountIqHandler {
  return { at: "account", type: "set", ns, name, audience: "owner", effect: "writes", handle };
}
