import { XmlError } from "#protocol/xml/fault.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { decodeUtf8 } from "../engine/byte-strings.ts";
import { xmlMutations } from "../engine/mutate-xml.ts";
import { fuzzTarget } from "../engine/target.ts";
import { documents, xmlWords } from "../xml-inputs.ts";

/** For the proof that bugs are found: as quick as can be, with nothing in it that looks for any. */
export const target = fuzzTarget({
  summary: "parseElement throws XmlError and nothing else",
  bytesMax: 1_024,
  roundExecutions: 100_000,
  words: xmlWords,
  seeds: documents,
  mutations: xmlMutations,
  run: (input) => {
    try {
      parseElement(input, "jabber:client", { decodeUtf8 });
    } catch (error) {
      if (!(error instanceof XmlError)) throw error;
    }
  },
});
