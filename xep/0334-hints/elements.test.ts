import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseElement } from "#protocol/xml/read.ts";
import { forbidsArchive, forbidsCopies, storageHint } from "./elements.ts";

interface Wishes {
  readonly storage: ReturnType<typeof storageHint>;
  readonly archived: boolean;
  readonly copied: boolean;
}

const free: Wishes = { storage: undefined, archived: true, copied: true };
const cases: Readonly<Record<string, Wishes>> = {
  "<message><body>Hi</body></message>": free,
  "<message><no-store xmlns='urn:xmpp:hints'/></message>": { storage: "no-store", archived: false, copied: true },
  "<message><store xmlns='urn:xmpp:hints'/></message>": { ...free, storage: "store" },
  "<message><no-permanent-store xmlns='urn:xmpp:hints'/></message>": { ...free, archived: false },
  "<message><no-copy xmlns='urn:xmpp:hints'/></message>": { ...free, copied: false },
  "<message><store xmlns='urn:xmpp:hints'/><no-store xmlns='urn:xmpp:hints'/></message>": {
    storage: "no-store",
    archived: false,
    copied: true,
  },
  "<message><no-store xmlns='urn:example:other'/></message>": free,
  "<message><x xmlns='urn:example:x'><no-copy xmlns='urn:xmpp:hints'/></x></message>": free,
  // An error brings back what it answers.
  "<message type='error'><no-store xmlns='urn:xmpp:hints'/><no-copy xmlns='urn:xmpp:hints'/></message>": free,
};

describe("what a sender wishes", () => {
  for (const [xml, { storage, archived, copied }] of Object.entries(cases))
    test(xml.includes("'error'") ? `${xml} [xep0334-5-03]` : xml, () => {
      const message = parseElement(xml);
      assert.equal(storageHint(message), storage);
      assert.equal(forbidsArchive(message), !archived);
      assert.equal(forbidsCopies(message), !copied);
    });
});
