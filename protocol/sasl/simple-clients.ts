import type { SaslClientContext } from "./client-context.ts";
import type { SaslClientExchange } from "./client-exchange.ts";
import { answer, clientExchange, refuse, successWithoutData } from "./client-steps.ts";
import { preparePassword, prepareUsername } from "./prepare.ts";
import { encodeUtf8 } from "./utf8.ts";

/** The mechanisms of one message, whose server proves nothing: TLS has to have done that. */

/** PLAIN. RFC 4616 */
export function plainClient(context: SaslClientContext): SaslClientExchange {
  return clientExchange(() => {
    const username = prepareUsername(context.username);
    const password = preparePassword(context.password ?? "");
    // Nobody else's, unless there is one. [rfc6120-6.3.8-02] [rfc6120-6.3.8-03]
    const { authzid = "" } = context;
    if (username === undefined || password === undefined || `${authzid}${username}${password}`.includes("\0")) {
      return refuse("bad-credentials", "user name or password have characters that they must not have");
    }
    return answer(encodeUtf8(`${authzid}\0${username}\0${password}`), { success: successWithoutData });
  });
}

/** EXTERNAL. RFC 4422 appendix A, XEP-0178 */
export function externalClient(context: SaslClientContext): SaslClientExchange {
  const message = encodeUtf8(context.authzid ?? "");
  return clientExchange(() =>
    answer(message, {
      // Some servers ask although they were told. XEP-0178 example 9
      challenge: () => answer(message, { success: successWithoutData }),
      success: successWithoutData,
    }),
  );
}

/** ANONYMOUS, leaving no trace. RFC 4505, XEP-0175 */
export function anonymousClient(): SaslClientExchange {
  return clientExchange(() =>
    answer(undefined, {
      challenge: () => answer(new Uint8Array(), { success: successWithoutData }),
      success: successWithoutData,
    }),
  );
}
