import type { CertificateIdentity, SaslServerContext } from "./server-context.ts";
import type { SaslServerExchange } from "./server-exchange.ts";
import { admit, clientFirst, fail, lookup, serverExchange, type ServerStep } from "./server-steps.ts";
import { saslFieldBytesMax } from "./prepare.ts";
import { decodeUtf8 } from "./utf8.ts";

/** EXTERNAL by certificate, for clients and servers. RFC 4422 appendix A, XEP-0178 */
export function externalServer(context: SaslServerContext): SaslServerExchange {
  return serverExchange(
    clientFirst((data) => {
      const text = data.length > saslFieldBytesMax * 3 ? undefined : decodeUtf8(data);
      if (text === undefined || text.includes("\0")) return fail("malformed-request");
      return text === "" ? withoutAuthzid(context) : withAuthzid(context, text);
    }),
  );
}

function withoutAuthzid(context: SaslServerContext): ServerStep {
  const identities = context.certificate ?? [];
  const [first, ...others] = identities;
  if (first === undefined) return fail("not-authorized");
  // [rfc6120-13.7.2.2.1-02]
  if (others.length === 0) return enter(context, first, undefined);
  // [rfc6120-13.7.2.2.1-03]
  const named = identities.find(({ address }) => address === context.from);
  // The certificate proves several and nothing says which is meant. [xep0178-2-03] [xep0178-2-07]
  return named === undefined ? fail("invalid-authzid") : enter(context, named, undefined);
}

function withAuthzid(context: SaslServerContext, authzid: string): ServerStep {
  const identities = context.certificate ?? [];
  if (identities.length === 0) return fail("not-authorized");
  const meant = identities.find(
    ({ address, username }) => address === authzid || context.mayActAs(username ?? address, authzid),
  );
  // [xep0178-2-10]
  return meant === undefined ? fail("invalid-authzid") : enter(context, meant, authzid);
}

function enter(context: SaslServerContext, identity: CertificateIdentity, authzid: string | undefined): ServerStep {
  const { username } = identity;
  // That the certificate names the address is its permission to act as it.
  const wanted = authzid === identity.address ? undefined : authzid;
  if (username === undefined) {
    return admit(context, { authcid: identity.address, authzid: wanted, credentials: undefined });
  }
  return lookup(username, (found) => {
    // [rfc3921-3-13]
    if (found === undefined) return fail("not-authorized");
    return admit(context, { authcid: username, authzid: wanted, credentials: found });
  });
}
