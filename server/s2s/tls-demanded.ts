import type { ServerSide } from "#protocol/stream/servers/server-config.ts";
import { isUsable } from "../trust/dane.ts";
import type { DialledPlace } from "./dialer.ts";

/**
 * How we come to a place: as always, but not without TLS where its domain says, signed, which certificate is there. Whoever
 * takes TLS out of the offer would otherwise have got round that. RFC 7673 §3.4, §4
 */
export function sideTo(place: DialledPlace, side: ServerSide): ServerSide {
  // [rfc7673-3.4-02] [rfc7673-4-01]
  if (!place.validated || !place.tlsa.some(isUsable)) return side; // [rfc7673-3.4-05]
  return {
    ...side,
    host: (domain) => {
      const answer = side.host(domain);
      if (answer.type !== "served" || answer.host.security !== "plain") return answer;
      return { type: "served", host: { ...answer.host, security: "dialback" } };
    },
  };
}
