import { unreachable } from "#protocol/assert.ts";
import { anonymousServer } from "./anonymous-server.ts";
import { digestMd5Server } from "./digest-md5-server.ts";
import { externalServer } from "./external-server.ts";
import { parseHtMechanism } from "./ht-mechanism.ts";
import { htServer } from "./ht-server.ts";
import { isMechanism, kindOf, type Mechanism } from "./mechanism.ts";
import { plainServer } from "./plain-server.ts";
import { scramServer } from "./scram-server.ts";
import type { SaslServerContext } from "./server-context.ts";
import type { SaslServerExchange } from "./server-exchange.ts";
import { fail, serverExchange } from "./server-steps.ts";

/**
 * Begins an exchange. A mechanism that was not offered on this stream gets one that only fails, whatever we could
 * do elsewhere (A23).
 */
export function startServerMechanism(name: string, context: SaslServerContext): SaslServerExchange {
  if (isMechanism(name) && context.offered.includes(name)) return exchangeOf(name, context);
  const ht = parseHtMechanism(name);
  if (ht !== undefined && context.offered.includes(name)) return htServer(name, ht, context);
  return serverExchange({ for: "response", take: () => fail("invalid-mechanism") });
}

function exchangeOf(mechanism: Mechanism, context: SaslServerContext): SaslServerExchange {
  const kind = kindOf(mechanism);
  switch (kind.family) {
    case "EXTERNAL":
      return externalServer(context);
    case "SCRAM":
      return scramServer(kind, context);
    case "DIGEST-MD5":
      return digestMd5Server(context);
    case "PLAIN":
      return plainServer(context);
    case "ANONYMOUS":
      return anonymousServer(context);
    default:
      return unreachable(kind);
  }
}
