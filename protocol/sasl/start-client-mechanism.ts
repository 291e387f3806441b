import { unreachable } from "#protocol/assert.ts";
import type { SaslClientContext } from "./client-context.ts";
import type { SaslClientExchange } from "./client-exchange.ts";
import { digestMd5Client } from "./digest-md5-client.ts";
import { kindOf, type Mechanism } from "./mechanism.ts";
import { scramClient } from "./scram-client.ts";
import { anonymousClient, externalClient, plainClient } from "./simple-clients.ts";

/** Begins an exchange with the mechanism that `chooseMechanism` found. */
export function startClientMechanism(mechanism: Mechanism, context: SaslClientContext): SaslClientExchange {
  const kind = kindOf(mechanism);
  switch (kind.family) {
    case "EXTERNAL":
      return externalClient(context);
    case "SCRAM":
      return scramClient(kind.hash, context);
    case "DIGEST-MD5":
      return digestMd5Client(context);
    case "PLAIN":
      return plainClient(context);
    case "ANONYMOUS":
      return anonymousClient();
    default:
      return unreachable(kind);
  }
}
