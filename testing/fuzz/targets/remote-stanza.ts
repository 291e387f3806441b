import assert from "node:assert/strict";
import { domainOf, parseJid } from "#protocol/jid/jid.ts";
import { errorReply, StanzaError } from "#protocol/stanza/stanza-error.ts";
import { StreamError } from "#protocol/stream/stream-error.ts";
import { equalElements, type XmlElement } from "#protocol/xml/element.ts";
import { XmlError } from "#protocol/xml/fault.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { admitRemote } from "#server/s2s/admit-remote.ts";
import { decodeUtf8 } from "../engine/byte-strings.ts";
import { xmlMutations } from "../engine/mutate-xml.ts";
import { fuzzTarget } from "../engine/target.ts";
import { xmlWords } from "../xml-inputs.ts";

const ours = "montague.example";
const theirs = "capulet.example";

export const target = fuzzTarget({
  summary:
    "whatever another server sends is from and to the pair of its stream, or is refused, and an error is not answered",
  bytesMax: 4_096,
  roundExecutions: 400_000,
  words: [
    ...xmlWords.filter((word) => !word.startsWith("<")),
    " from='juliet@capulet.example/balcony'",
    " from='capulet.example'",
    " from='juliet@CAPULET.example.'",
    " from='juliet@verona.example'",
    " from='romeo@montague.example'",
    " from='@capulet.example'",
    " to='romeo@montague.example/orchard'",
    " to='montague.example'",
    " to='xn--mntague-9ya.example'",
    " type='error'",
    " type='result'",
    " type='get'",
    " id='1'",
    " xml:lang='de'",
    "<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
    "<stanza-id xmlns='urn:xmpp:sid:0' by='romeo@montague.example' id='1'/>",
    "<forwarded xmlns='urn:xmpp:forward:0'><message/></forwarded>",
  ],
  seeds: [
    "<message from='juliet@capulet.example/balcony' to='romeo@montague.example'><body>x</body></message>",
    "<message from='juliet@verona.example' to='romeo@montague.example'/>",
    "<iq type='get' id='1' from='capulet.example' to='montague.example'><ping xmlns='urn:xmpp:ping'/></iq>",
    "<iq type='result' id='1' from='juliet@capulet.example' to='romeo@montague.example/orchard'/>",
    "<iq type='error' id='1' from='capulet.example' to='montague.example'><error type='wait'><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    "<presence from='juliet@capulet.example' to='romeo@montague.example' type='subscribe' xml:lang='de'><status>x</status></presence>",
  ],
  mutations: xmlMutations,
  run: (input) => {
    const element = elementOf(input);
    if (element === undefined) return;
    for (const language of ["en", undefined]) {
      const admitted = admitRemote(
        element,
        {
          parseJid,
          mayBring: (remote, local) => remote === theirs && local === ours,
          isFor: (local) => local === ours,
          language,
        },
        undefined,
      );
      if (admitted instanceof StreamError) continue;
      const stanza = "refused" in admitted ? admitted.refused : admitted;
      assert.equal(domainOf(stanza.from), theirs);
      assert.equal(stanza.to === undefined ? undefined : domainOf(stanza.to), ours);
      assert.equal(stanza.element.attr("from"), stanza.from);
      assert.equal(stanza.element.attr("to"), stanza.to);
      const again = parseElement(serialize(stanza.element));
      assert.ok(equalElements(again, stanza.element), "written and read again it is another stanza");
      // Nobody answers an error, whatever else is wrong with it.
      const reply = errorReply(stanza.element, new StanzaError("not-acceptable"));
      assert.ok(stanza.type !== "error" || reply === undefined, "an error is answered");
      if (reply !== undefined) assert.equal(reply.attr("to"), stanza.from);
    }
  },
});

function elementOf(input: string): XmlElement | undefined {
  try {
    return parseElement(input, "jabber:client", { decodeUtf8 });
  } catch (error) {
    if (error instanceof XmlError) return undefined;
    throw error;
  }
}
