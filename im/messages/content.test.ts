import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startWorld } from "#testing/scenario/world.ts";

const romeoJid = "romeo@montague.example";
const julietJid = "juliet@capulet.example";

/** What a message may say. To a server all of it is somebody else's. */
const messages: Readonly<Record<string, { readonly type: string; readonly content: string }>> = {
  "no body [rfc6121-5.2.3-01]": { type: "normal", content: "<subject>Hist!</subject>" },
  "a body in several languages [rfc6121-5.2.3-02]": {
    type: "chat",
    content: "<body xml:lang='en'>Wherefore art thou?</body><body xml:lang='cs'>Proč jsi ty?</body>",
  },
  "a subject in several languages [rfc6121-5.2.4-01]": {
    type: "normal",
    content:
      "<subject xml:lang='en'>I implore you</subject><subject xml:lang='cs'>Úpěnlivě prosím</subject><body>…</body>",
  },
  "a thread in a normal message [rfc6121-5.2.5-01]": { type: "normal", content: "<body>1</body><thread>t1</thread>" },
  "a thread in a headline [rfc6121-5.2.5-01]": { type: "headline", content: "<body>1</body><thread>t1</thread>" },
  "a thread of what nobody says [rfc6121-5.2.5-02]": {
    type: "normal",
    content: "<move xmlns='urn:example:chess' square='e4'/><thread>game 7</thread>",
  },
  "no thread [rfc6121-5.2.5-03]": { type: "chat", content: "<body>Neither, fair saint</body>" },
  "a thread that sprang from another [rfc6121-5.2.5-05]": {
    type: "chat",
    content:
      "<body>1</body><thread parent='e0ffe42b28561960c6b12b944a092794b9683a38'>0e3141cd80894871a68e6fe6b1ec56fa</thread>",
  },
  "a thread that looks like nothing [rfc6121-5.2.5-07]": {
    type: "chat",
    content: "<body>1</body><thread parent=' &amp; '>  Th\u00e9 &lt;Thread&gt;\tß  </thread>",
  },
  "what other namespaces define [rfc6121-5.3-01]": {
    type: "chat",
    content:
      "<body>1</body><x xmlns='urn:example:x' a='&quot;'><y xmlns=''/><z:z xmlns:z='urn:example:z' z:a='1'/></x>",
  },
};

for (const when of ["at once", "later"])
  describe(`a message passes unchanged, ${when}`, () => {
    for (const [name, { type, content }] of Object.entries(messages)) {
      if (when === "later" && type === "headline") continue;
      test(`with ${name}`, async () => {
        await using world = await startWorld({ accounts: [romeoJid, julietJid], options: { archive: false } });
        const romeo = await world.login(`${romeoJid}/orchard`);
        const juliet = await world.login(`${julietJid}/balcony`);
        if (when === "at once") await juliet.sendText("<presence/>");
        juliet.ignoreAll();
        await romeo.sendText(`<message to='${julietJid}' type='${type}' id='m'>${content}</message>`);
        if (when === "later") {
          juliet.receivesNothing();
          await juliet.sendText("<presence/>");
          juliet.next();
        }
        const delay =
          when === "later"
            ? "<delay xmlns='urn:xmpp:delay' from='capulet.example' stamp='{any}'>Offline Storage</delay>"
            : "";
        juliet.receives(
          `<message to='${julietJid}' type='${type}' id='m' from='${romeoJid}/orchard'>${content}${delay}</message>`,
        );
        juliet.receivesNothing();
      });
    }
  });

test("users of every domain of the server are served by it [rfc6121-8.5-01]", async () => {
  const domains = ["capulet.example", "montague.example", "verona.example"];
  await using world = await startWorld({
    domains,
    accounts: domains.map((domain) => `servant@${domain}`),
    options: { archive: false },
  });
  const servants = await Promise.all(domains.map((domain) => world.login(`servant@${domain}/kitchen`)));
  for (const servant of servants) {
    await servant.sendText("<presence/>");
    servant.ignoreAll();
  }
  for (const from of servants)
    for (const to of servants) {
      await from.sendText(`<message to='${to.jid}' type='chat'><body>Away with the joint-stools</body></message>`);
      to.receives(
        `<message to='${to.jid}' from='${from.jid}' type='chat'><body>Away with the joint-stools</body></message>`,
      );
    }
  assert.equal(servants.length, 3);
});
