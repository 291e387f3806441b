import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "#testing/scenario/world.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const accounts = [romeo, juliet];
const version = "<query xmlns='jabber:iq:version'/>";

const refused: readonly (readonly [name: string, stanza: string, condition: string, type: string])[] = [
  ["a message to what is no address [rfc7622-4-01]", "<message to='@capulet.example'/>", "jid-malformed", "modify"],
  [
    "a message to a resource that is too long",
    `<message to='${juliet}/${"x".repeat(1_024)}'/>`,
    "jid-malformed",
    "modify",
  ],
  ["a message to an empty address [rfc6120-8.3.3.8-02]", "<message to=''/>", "jid-malformed", "modify"],
  ["presence to what is no address [rfc7622-4-01]", "<presence to='juliet@'/>", "jid-malformed", "modify"],
  [
    "an iq to what is no address [rfc7622-4-01]",
    `<iq type='get' id='1' to='a b@c'>${version}</iq>`,
    "jid-malformed",
    "modify",
  ],
  [
    "an iq without an id [rfc6120-8.1.3-01] [rfc6120-8.2.3-01]",
    `<iq type='get' to='${juliet}/balcony'>${version}</iq>`,
    "bad-request",
    "modify",
  ],
  [
    "an iq without a type [rfc6120-8.2.3-02]",
    `<iq id='1' to='${juliet}/balcony'>${version}</iq>`,
    "bad-request",
    "modify",
  ],
  [
    "an iq of an unknown type [rfc6120-8.2.3-03] [rfc6120-8.3.3.1-01]",
    `<iq type='put' id='1' to='${juliet}/balcony'>${version}</iq>`,
    "bad-request",
    "modify",
  ],
  [
    "a get without a question [rfc6120-8.2.3-07] [rfc6120-8.4-01]",
    `<iq type='get' id='1' to='${juliet}/balcony'/>`,
    "bad-request",
    "modify",
  ],
  [
    "a set with two [rfc6120-8.2.3-07]",
    `<iq type='set' id='1' to='${juliet}/balcony'>${version}${version}</iq>`,
    "bad-request",
    "modify",
  ],
  [
    "a question that nobody answers [rfc6120-8.3.1-01] [rfc6120-8.4-12] [rfc6120-10.3.3-03]",
    "<iq type='get' id='1'><query xmlns='urn:nobody'/></iq>",
    "service-unavailable",
    "cancel",
  ],
  [
    "a payload that is none of its kind",
    "<iq type='set' id='1'><query xmlns='jabber:iq:roster'/></iq>",
    "bad-request",
    "modify",
  ],
  [
    "a message to a host that is nowhere [rfc6120-10.4.3-01]",
    "<message to='a@verona.example'/>",
    "remote-server-not-found",
    "cancel",
  ],
  [
    "a message to a subdomain that is none [rfc3920-10.3-01]",
    "<message to='a@x.montague.example'/>",
    "remote-server-not-found",
    "cancel",
  ],
  [
    "a message to a host [rfc3920-10.4-01]",
    "<message to='capulet.example'><body/></message>",
    "service-unavailable",
    "cancel",
  ],
  [
    "a message to a resource of a host [rfc3920-10.4-01]",
    "<message to='capulet.example/x'/>",
    "service-unavailable",
    "cancel",
  ],
  [
    "a question to a resource of a host [rfc3920-10.4-01] [rfc6120-10.5.2-01]",
    `<iq type='get' id='1' to='capulet.example/x'>${version}</iq>`,
    "service-unavailable",
    "cancel",
  ],
  ["presence of an unknown type", "<presence type='asleep'/>", "bad-request", "modify"],
];

for (const [name, stanza, condition, type] of refused)
  test(`${name} gets ${condition}, and nobody else hears of it`, async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const recipient = await world.login(`${juliet}/balcony`);
    const sender = await world.login(`${romeo}/orchard`);
    for (const client of [recipient, sender]) {
      await client.sendText("<presence/>");
      client.ignoreAll();
    }
    await sender.sendText(stanza);
    const reply = sender.next();
    assert.equal(reply.attr("type"), "error");
    assert.equal(reply.attr("to"), sender.jid);
    const error = reply.child("jabber:client", "error");
    assert.deepEqual([error?.attr("type"), error?.elements()[0]?.name], [type, condition]);
    sender.receivesNothing();
    recipient.receivesNothing();
    await sender.sendText(`<message to='${juliet}' type='chat'><body>still here</body></message>`);
    assert.equal(recipient.next().elements()[0]?.text, "still here");
  });

for (const to of ["a@verona.example", "verona.example/x", "@verona.example"])
  test(`the error for ${to} comes from there [rfc3920-9.1.1-03]`, async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const sender = await world.login(`${romeo}/orchard`);
    await sender.sendText(`<iq type='get' id='1' to='${to}'>${version}</iq>`);
    const reply = sender.next();
    assert.deepEqual([reply.attr("type"), reply.attr("from"), reply.attr("id")], ["error", to, "1"]);
  });

const unanswered: readonly (readonly [name: string, stanza: string])[] = [
  ["an error to what is no address", "<message type='error' to='@'><error type='cancel'/></message>"],
  ["an iq error to nobody who asked", "<iq type='error' id='1' to='montague.example'><error type='cancel'/></iq>"],
  ["a result that nobody waits for", "<iq type='result' id='1'/>"],
];

for (const [name, stanza] of unanswered)
  test(`${name} is not answered: that could go on for ever`, async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const sender = await world.login(`${romeo}/orchard`);
    await sender.sendText(stanza);
    sender.receivesNothing();
  });

const stamped: readonly (readonly [name: string, attributes: string, expected: string])[] = [
  ["without `from`", "", `from='${romeo}/orchard' to='${juliet}/balcony'`],
  ["from its full address", `from='${romeo}/orchard'`, `from='${romeo}/orchard' to='${juliet}/balcony'`],
  ["from its bare address", `from='${romeo}'`, `from='${romeo}/orchard' to='${juliet}/balcony'`],
  [
    "from its address in capitals",
    "from='ROMEO@Montague.Example/orchard'",
    `from='${romeo}/orchard' to='${juliet}/balcony'`,
  ],
  [
    "with a language [rfc6120-4.7.4-08]",
    "xml:lang='it'",
    `from='${romeo}/orchard' to='${juliet}/balcony' xml:lang='it'`,
  ],
];

for (const [name, attributes, expected] of stamped)
  test(`a message ${name} leaves with its sender's full address, and its own text [rfc6120-8.1.2.1-01] [rfc6120-8.1.2.1-04]`, async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const recipient = await world.login(`${juliet}/balcony`);
    const sender = await world.login(`${romeo}/orchard`);
    await sender.sendText(
      `<message ${attributes} to='JULIET@capulet.example/balcony'><body>O &amp; <![CDATA[<]]></body></message>`,
    );
    recipient.receives(`<message ${expected}><body>O &amp; &lt;</body></message>`);
  });

test("a character that is cut between two packets arrives whole", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const recipient = await world.login(`${juliet}/balcony`);
  const sender = await world.login(`${romeo}/orchard`);
  const bytes = Buffer.from(`<message to='${juliet}/balcony'><body>❤</body></message>`).toString("latin1");
  for (const byte of bytes) sender.transport.send(byte);
  await world.settle();
  recipient.receives(`<message from='${romeo}/orchard' to='${juliet}/balcony'><body>❤</body></message>`);
});

const languages: readonly (readonly [
  name: string,
  stream: string,
  attributes: string,
  arrives: string | undefined,
  rules: string,
])[] = [
  ["without a language", " xml:lang='fr'", "", "fr", "[rfc6120-4.7.4-09] [rfc6120-8.1.5-03] [rfc6120-8.1.5-04]"],
  [
    "with its own",
    " xml:lang='fr'",
    " xml:lang='it'",
    "it",
    "[rfc6120-4.7.4-08] [rfc6120-4.7.4-10] [rfc6120-8.1.5-06] [rfc6120-12-04]",
  ],
  ["without any, in a stream without", "", "", undefined, "[rfc6120-8.1.5-04] [rfc6120-12-04]"],
  ["in a stream whose language is none", " xml:lang='fr_FR'", "", undefined, "[rfc6120-4.7.4-01] [rfc6120-8.1.5-05]"],
];

for (const [name, stream, attributes, arrives, rules] of languages)
  test(`a message ${name} arrives in ${arrives} ${rules}`, async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const recipient = await world.login(`${juliet}/balcony`);
    const sender = world.connect();
    await sender.authenticate("romeo", "montague.example", "romeo");
    sender.reconnect();
    const header = `<stream:stream to='montague.example' version='1.0'${stream} xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`;
    await sender.sendText(header);
    const initial = Buffer.from("\0romeo\0romeo").toString("base64");
    await sender.sendText(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${initial}</auth>`);
    sender.expectStream();
    sender.ignoreAll();
    await sender.sendText(header);
    sender.ignoreAll();
    await sender.bind("orchard");
    await sender.sendText(`<message${attributes} to='${juliet}/balcony'><body xml:lang='la'>ave</body></message>`);
    const message = recipient.next();
    assert.equal(message.attr("xml:lang"), arrives);
    assert.equal(message.elements()[0]?.attr("xml:lang"), "la");
  });

test("a subscription leaves with its sender's bare address [rfc6120-8.1.2.1-01]", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const recipient = await world.login(`${juliet}/balcony`);
  const sender = await world.login(`${romeo}/orchard`);
  for (const client of [recipient, sender]) {
    await client.sendText("<presence/>");
    client.ignoreAll();
  }
  await sender.sendText(`<presence type='subscribe' to='${juliet}'/>`);
  recipient.receives(`<presence type='subscribe' from='${romeo}' to='${juliet}'/>`);
});

test("an answer has the id of its request [rfc6120-8.1.3-02] [rfc6120-8.2.3-05]", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const sender = await world.login(`${romeo}/orchard`);
  for (const id of ["", "1", "&#x2764; &lt;"]) {
    await sender.sendText(`<iq type='get' id='${id}'><query xmlns='jabber:iq:roster'/></iq>`);
    sender.receives(
      `<iq type='result' id='${id}' to='${sender.jid}'><query xmlns='jabber:iq:roster' ver='{any}'/></iq>`,
    );
  }
});
