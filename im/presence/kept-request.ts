import { xml, type XmlElement } from "#protocol/xml/element.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { serializeBytes } from "#protocol/xml/serialize.ts";

/** About what an account keeps of all requests together: they all go to its client at each log-in, at once. */
const requestsBytesMax = 1024 * 1024;
/** An id that is kept, in UTF-16 code units. */
const idLengthMax = 256;

/**
 * What is kept of a request, for each log-in until it is answered: the whole of it, as large as every one of `requestsMax` may
 * be; of a larger one who asks. What else strangers write in them must not be more than a client can be sent. (A15, S1)
 * [rfc6121-3.1.3-11]
 */
export function keptRequest(element: XmlElement, requestsMax: number): XmlElement {
  const bytesMax = Math.max(requestsBytesMax / requestsMax, idLengthMax);
  return serializeBytes(element, element.ns).length <= bytesMax ? element : bareRequest(element);
}

function bareRequest(element: XmlElement): XmlElement {
  const id = element.attr("id");
  return xml(NS_CLIENT, "presence", {
    from: element.attr("from"),
    to: element.attr("to"),
    type: "subscribe",
    id: id === undefined || id.length > idLengthMax ? undefined : id,
  });
}
