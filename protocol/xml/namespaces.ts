/** The stream and its root element. RFC 6120 §4.8.1. */
export const NS_STREAM = "http://etherx.jabber.org/streams";
/** Content namespace between client and server; inside the server every stanza is in it. RFC 6120 §4.8.3. */
export const NS_CLIENT = "jabber:client";
/** Content namespace between servers. RFC 6120 §4.8.3. */
export const NS_SERVER = "jabber:server";
/** Content namespace of a component that connects to us. XEP-0114. */
export const NS_COMPONENT_ACCEPT = "jabber:component:accept";
/** Content namespace of a component to which we connect. XEP-0114. */
export const NS_COMPONENT_CONNECT = "jabber:component:connect";
/** Framing of a stream over WebSocket. RFC 7395. */
export const NS_FRAMING = "urn:ietf:params:xml:ns:xmpp-framing";
/** Conditions of stream errors. RFC 6120 §4.9. */
export const NS_STREAMS = "urn:ietf:params:xml:ns:xmpp-streams";
/** Conditions of stanza errors. RFC 6120 §8.3. */
export const NS_STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
/** STARTTLS. RFC 6120 §5. */
export const NS_TLS = "urn:ietf:params:xml:ns:xmpp-tls";
/** SASL. RFC 6120 §6. */
export const NS_SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
/** SASL2. XEP-0388. */
export const NS_SASL2 = "urn:xmpp:sasl:2";
/** Bind 2. XEP-0386. */
export const NS_BIND2 = "urn:xmpp:bind:0";
/** Log-in by tokens. XEP-0484. */
export const NS_FAST = "urn:xmpp:fast:0";
/** Tasks that make keys for further mechanisms. XEP-0480 §2. */
export const NS_UPGRADE = "urn:xmpp:sasl:upgrade:0";
/** What is said in those for SCRAM. XEP-0480 §3. */
export const NS_SCRAM_UPGRADE = "urn:xmpp:scram-upgrade:0";
/** Resource binding. RFC 6120 §7. */
export const NS_BIND = "urn:ietf:params:xml:ns:xmpp-bind";
/** Session establishment, which old clients still ask for. RFC 3921 §3. */
export const NS_SESSION = "urn:ietf:params:xml:ns:xmpp-session";
/** Stream management. XEP-0198. */
export const NS_SM = "urn:xmpp:sm:3";
/** Server dialback. XEP-0220. */
export const NS_DIALBACK = "jabber:server:dialback";
/** That dialback tells errors. XEP-0220 §2.4.2. */
export const NS_DIALBACK_FEATURE = "urn:xmpp:features:dialback";
/** Stanzas both ways on one stream between servers: the request. XEP-0288 §2.2. */
export const NS_BIDI = "urn:xmpp:bidi";
/** The feature that announces it. XEP-0288 §2.1. */
export const NS_BIDI_FEATURE = "urn:xmpp:features:bidi";
/** What the prefix `xml` always means. Namespaces in XML 1.0 §3. */
export const NS_XML = "http://www.w3.org/XML/1998/namespace";
/** What the prefix `xmlns` always means. Namespaces in XML 1.0 §3. */
export const NS_XMLNS = "http://www.w3.org/2000/xmlns/";
