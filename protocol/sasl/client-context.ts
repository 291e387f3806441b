import type { SaslOffers } from "./announcement-hash.ts";
import type { ChannelBinding } from "./channel-binding.ts";

/** All that a client's mechanism may know. */
export interface SaslClientContext {
  /** The localpart of the account, for a server the domain. */
  readonly username: string;
  /** Absent for EXTERNAL and ANONYMOUS. */
  readonly password?: string;
  /** Only to act as somebody else, and for EXTERNAL where the certificate names several. */
  readonly authzid?: string;
  /** The domain of the account: the realm and service of DIGEST-MD5. */
  readonly domain: string;
  /** As {@link chooseMechanism} decided. */
  readonly binding: ClientBinding;
  /** What arrived of the server's announcement, to be compared with what it says that it sent (XEP-0474). */
  readonly announced?: SaslOffers;
  /** As {@link chooseMechanism} decided: go on only if the server says what it announced. */
  readonly announcementRequired?: boolean;
  /** The iteration counts to go along with. Defaults: `scramIterationsMin`, `scramIterationsMax`. */
  readonly iterationsMin?: number;
  readonly iterationsMax?: number;
  /** Unpredictable bytes. */
  readonly random: (bytes: number) => Uint8Array;
}

/** `n`: we cannot bind; `y`: we could, but saw no offer; otherwise what we bind to. RFC 5802 §6 */
export type ClientBinding = "n" | "y" | ChannelBinding;
