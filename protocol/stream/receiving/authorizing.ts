import { bareOf, domainOf, parseJid, type BareJid } from "#protocol/jid/jid.ts";
import type { CredentialRenewal, SaslSuccess } from "#protocol/sasl/server-exchange.ts";
import type { StreamEffect } from "../stream-effect.ts";
import { StreamError } from "../stream-error.ts";
import type { Step } from "../step.ts";
import { failStream, moveOn } from "./leaving.ts";
import { accountOf } from "./mechanisms.ts";
import { attemptOf, refuse } from "./refusing.ts";
import type { Authenticating, ReceivingOrEnding } from "./state.ts";
import { startUpgrading } from "./upgrading.ts";

/** The mechanism is content: now who they are and whom they want to be must be one (A24). */
export function authorize(state: Authenticating, success: SaslSuccess): Step<ReceivingOrEnding> {
  const { facts, host, inline } = state;
  const { anonymous, authcid, authzid } = success.identity;
  const attempt = attemptOf(state);
  const other = authzid === undefined ? undefined : parseJid(authzid);
  // The exchange has asked whether they may be someone else; an address elsewhere would not be ours to give.
  if (other !== undefined && domainOf(other) !== host.domain) return refuse(state, attempt, "invalid-authzid");
  // [rfc6120-4.3.6-03]
  // [rfc3920-3.5-03]
  const user = other === undefined ? accountOf(host, authcid) : bareOf(other);
  if (user === undefined) return refuse(state, attempt, "not-authorized");
  if (!anonymous && facts.channel !== undefined && facts.from !== undefined && facts.from !== user) {
    // [xep0388-2.3-02] [xep0388-4.4-01]
    if (inline !== undefined) return refuse(state, attempt, other === undefined ? "not-authorized" : "invalid-authzid");
    // The same for who came with a certificate. [rfc6120-6.4.6-01] [rfc6120-13.7.2-04] [rfc6120-13.7.2-05]
    return failStream(state, new StreamError("invalid-from"));
  }
  // For oneself only. [xep0480-2.2-02]
  const upgrade = other === undefined ? startUpgrading(state, success, user) : undefined;
  if (upgrade !== undefined) return upgrade;
  const { data, renewal } = success;
  const token = presented(state, success);
  return moveOn(
    state,
    { ...state, waiting: { for: "authorization", data, anonymous } },
    ...renewed(accountOf(host, authcid), renewal),
    {
      type: "authorize",
      mechanism: state.mechanism,
      user,
      anonymous,
      ...(inline === undefined ? {} : { userAgent: inline.userAgent }),
      ...(token === undefined ? {} : { token }),
    },
  );
}

function presented(state: Authenticating, { tokenKey: key }: SaslSuccess) {
  const { token, userAgent } = state.inline ?? {};
  const device = userAgent?.id;
  return key === undefined || token === undefined || device === undefined ? undefined : { ...token, device, key };
}

/** The keys are those of who has proven something, whoever they act for. */
export function renewed(user: BareJid | undefined, renewal: CredentialRenewal | undefined): readonly StreamEffect[] {
  return user === undefined || renewal === undefined ? [] : [{ type: "renewCredentials", user, renewal }];
}
