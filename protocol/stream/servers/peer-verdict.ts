import type { ServerHost } from "./server-config.ts";

/** Whether a peer's certificate is good for a domain. */
export type PeerVerdict =
  | { readonly trusted: true }
  | {
      readonly trusted: false;
      /** In words. */
      readonly reason: string;
      /** The domain itself says that this is not its server: no other proof makes up for that. */
      readonly forbidden?: true;
    };

/** Why there is nothing to talk about with such a peer, dialback or not; undefined where there is. */
export function objectionTo(verdict: PeerVerdict | undefined, host: ServerHost | undefined): string | undefined {
  if (verdict === undefined || verdict.trusted) return undefined;
  return verdict.forbidden === true || host?.security === "certificate" ? verdict.reason : undefined;
}

/** Without what came along. */
export function verdictOf(answer: PeerVerdict): PeerVerdict {
  if (answer.trusted) return { trusted: true };
  const { forbidden, reason } = answer;
  return forbidden === true ? { trusted: false, reason, forbidden } : { trusted: false, reason };
}
