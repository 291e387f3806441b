import type { UserAgent } from "#protocol/stream/user-agent.ts";
import { json, sessionSlot } from "./slots.ts";

/** What a session's client says that it is (XEP-0388 §2.3). For its user alone: no other entity may see it. */
export const userAgentSlot = sessionSlot<UserAgent | undefined>("user-agent", () => undefined, json());
