/** The text of messages can be searched (XEP-0431 §2.1). */
export const NS_FULL_TEXT = "urn:xmpp:fulltext:0";

/** The field of an archive's form that holds what is searched for (§3.1). */
export const fullTextField = `{${NS_FULL_TEXT}}fulltext`;
