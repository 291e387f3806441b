import type { UserAgent } from "#protocol/stream/user-agent.ts";
import { json, sessionSlot } from "./slots.ts";

/** What a session's client says that it is (XEP-0388 §2.3). For its user alone: no other entity may see it. */
export const userAgentSlot = sessionSlot<UserAgent | undefined>("user-agent", () => undefined, json());

/**
 * Whether the session was bound by Bind 2: its client has been told where its archive ends and reads from there what it has
 * missed, where there is an archive (XEP-0386 §3.2).
 */
export const bind2Slot = sessionSlot("bind2", () => false, json());
