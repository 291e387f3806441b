/** The service under which servers are found by other servers, whichever way TLS begins. */
const service = "_xmpp-server";

/** The domain of an SRVName (RFC 4985 §2), whatever its service; undefined if the text is none. */
export function domainOfSrvName(text: string): string | undefined {
  return /^_[^.]+\.(.+)$/s.exec(text)?.[1];
}

/** The domain whose servers an SRVName stands for; undefined when it is for another service. [rfc9525-6.5-03] */
export function serverDomainOf(text: string): string | undefined {
  return text.toLowerCase().startsWith(`${service}.`) ? domainOfSrvName(text) : undefined;
}
