import { test } from "node:test";
import { startNeighbours } from "#testing/scenario/neighbours.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";

for (const [how, options] of [
  [
    "S32 two people at two servers chat by dialback [rfc7712-4.3-01] [rfc7712-4.3-02]",
    { security: "dialback", proven: false },
  ],
  [
    "two people at two servers chat by certificate [rfc7712-4.2-01] [rfc6120-4.8.3-01]",
    { security: "certificate", proven: true },
  ],
] as const)
  test(how, async () => {
    await using neighbours = await startNeighbours({ federation: { security: options.security } });
    const { montague, capulet, network } = neighbours;
    if (!options.proven) for (const domain of ["montague.example", "capulet.example"]) network.unproven.add(domain);
    const orchard = await montague.login(`${romeo}/orchard`);
    const balcony = await capulet.login(`${juliet}/balcony`);
    await balcony.sendText("<presence/>");
    balcony.ignoreAll();
    await orchard.sendText(`<message to='${juliet}' type='chat' id='m1'><body>Neither, fair saint</body></message>`);
    balcony.receives(
      `<message to='${juliet}' type='chat' id='m1' from='${romeo}/orchard' xml:lang='en'><body>Neither, fair saint</body>` +
        `<stanza-id xmlns='urn:xmpp:sid:0' by='${juliet}' id='{any}'/></message>`,
    );
    await balcony.sendText(`<message to='${romeo}/orchard' type='chat' id='m2'><body>What man?</body></message>`);
    orchard.receives(
      `<message to='${romeo}/orchard' type='chat' id='m2' from='${juliet}/balcony' xml:lang='en'><body>What man?</body>` +
        `<stanza-id xmlns='urn:xmpp:sid:0' by='${romeo}' id='{any}'/></message>`,
    );
    balcony.receivesNothing();
    orchard.receivesNothing();
  });
