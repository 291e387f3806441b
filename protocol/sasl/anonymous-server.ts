import { toHex } from "./bytes.ts";
import type { SaslServerContext } from "./server-context.ts";
import type { SaslServerExchange } from "./server-exchange.ts";
import { clientFirst, fail, serverExchange, succeed } from "./server-steps.ts";
import { decodeUtf8 } from "./utf8.ts";

/** Bytes of randomness in the name of an anonymous user. */
export const anonymousNameBytes = 16;

/** Characters of trace information. RFC 4505 §2 */
export const anonymousTraceCharsMax = 255;

/** ANONYMOUS: the trace is checked and forgotten, the name is made up. RFC 4505, XEP-0175 */
export function anonymousServer(context: SaslServerContext): SaslServerExchange {
  return serverExchange(
    clientFirst((data) => {
      const trace = decodeUtf8(data);
      if (trace === undefined || trace.includes("\0") || Array.from(trace).length > anonymousTraceCharsMax) {
        return fail("malformed-request");
      }
      return succeed({ authcid: toHex(context.random(anonymousNameBytes)), authzid: undefined, anonymous: true });
    }),
  );
}
