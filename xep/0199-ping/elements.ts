import { element } from "#protocol/xml/element-schema.ts";

export const NS_PING = "urn:xmpp:ping";

/** Asks whether anybody is there (XEP-0199). */
export const Ping = element(NS_PING, "ping");
