import type { XmlElement } from "#protocol/xml/element.ts";
import type { Account } from "./account.ts";
import type { Session } from "./session.ts";

/**
 * What a feature does while a resource is bound by Bind 2 (XEP-0386 §3.2). `request` is the client's `<bind/>`: what in it
 * is this feature's, it looks for itself. Answers go into `<bound/>`.
 */
export interface BindFeature {
  /** As which it is announced: the name or the namespace of service discovery. Absent: it does its part unasked. */
  readonly announce?: string;
  /**
   * Reads what it has to say before there is a session, in the owner's turn: nothing arrives in between. It must not wait
   * for other owners.
   */
  readonly read?: (account: Account, request: XmlElement) => Promise<XmlElement | undefined>;
  /** The session is there and nothing has been sent to it: what is switched on here holds from its first stanza on. */
  readonly bind?: (session: Session, request: XmlElement) => XmlElement | undefined;
}
