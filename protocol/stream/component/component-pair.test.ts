import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { error, sorted } from "../testing/transcript.ts";
import { handshakeOf } from "./handshake.ts";
import { beComponent, serveComponent, type ComponentWire } from "./testing/component-wire.ts";

const streams = "xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'";
const opened = `<?xml version='1.0'?><stream:stream to='plays.shakespeare.example' ${streams}>`;
const head = `<stream:stream from='plays.shakespeare.example' id='3BF96D32' ${streams}>`;
const proof = "<handshake>aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e</handshake>";

interface Row {
  readonly name: string;
  readonly heard: readonly string[];
  readonly said: string;
  readonly phase: string;
}

const rows: readonly Row[] = [
  { name: "opens a stream to its own name, of no version", heard: [], said: opened, phase: "awaitingHeader" },
  {
    name: "proves the secret for the server's id [xep0114-3-05]",
    heard: [head],
    said: opened + proof,
    phase: "awaitingAnswer",
  },
  { name: "is in when the server says so", heard: [head, "<handshake/>"], said: opened + proof, phase: "connected" },
  {
    name: "is told why not",
    heard: [head, error("not-authorized")],
    said: `${opened}${proof}</stream:stream>`,
    phase: "ended",
  },
  {
    name: "is told why not by a server that has no id for it",
    heard: [head.replace(" id='3BF96D32'", ""), error("host-unknown")],
    said: `${opened}</stream:stream>`,
    phase: "ended",
  },
  {
    name: "is not content with anything else",
    heard: [head, "<message to='plays.shakespeare.example'/>"],
    said: opened + proof + error("bad-format", "a handshake is awaited"),
    phase: "closing",
  },
  {
    name: "speaks to no server of another content",
    heard: [head.replace("component:accept", "client")],
    said: opened + error("invalid-namespace", "not the content namespace of this port"),
    phase: "closing",
  },
  {
    name: "has no use for what is no stanza",
    heard: [head, "<handshake/>", "<r xmlns='urn:xmpp:sm:3'/>"],
    said: opened + proof + error("unsupported-stanza-type"),
    phase: "closing",
  },
  {
    name: "answers the server's closing tag",
    heard: [head, "<handshake/>", "</stream:stream>"],
    said: `${opened}${proof}</stream:stream>`,
    phase: "ended",
  },
  {
    name: "reads nothing that is broken",
    heard: [head, "<handshake/>", "<a></b>"],
    said: opened + proof + error("not-well-formed", "end tag without its start tag"),
    phase: "ended",
  },
];

describe("a component", () => {
  for (const { name, heard, said, phase } of rows)
    test(name, () => {
      const wire = beComponent();
      for (const text of heard) wire.write(text);
      assert.equal(sorted(wire.take()), sorted(said));
      assert.equal(wire.state.phase, phase);
    });

  test("does not wait for ever", () => {
    const wire = beComponent();
    wire.write(head);
    wire.input({ type: "timeout", timer: "negotiation" });
    assert.equal(sorted(wire.take()), sorted(opened + proof + error("connection-timeout", "the server took too long")));
  });

  test("that ends in peace waits for the server's closing tag, and takes what comes before it", () => {
    const wire = beComponent();
    wire.write(`${head}<handshake/>`);
    wire.input({ type: "close" });
    wire.write("<message to='plays.shakespeare.example'/></stream:stream>");
    assert.notEqual(wire.find("stanza"), undefined);
    assert.deepEqual(wire.find("ended")?.end, { type: "closed" });
  });
});

/** What one says the other hears, both ways, from the beginning. */
function join(component: ComponentWire, server: ComponentWire): void {
  const ways = [
    [component, server],
    [server, component],
  ] as const;
  for (const [from, to] of ways) {
    const before = from.take();
    from.onSent = (text) => to.write(text);
    to.write(before);
  }
}

describe("both roles with one another", () => {
  test("come to an understanding, and stanzas go both ways in the content namespace of neither's inside", () => {
    const [component, server] = [beComponent(), serveComponent()];
    join(component, server);
    assert.ok(component.established && server.established);
    server.write("<message from='a@plays.shakespeare.example' to='b@montague.example'/>");
    component.write("<message to='a@plays.shakespeare.example' from='b@montague.example'/>");
    assert.equal(server.find("stanza")?.element.ns, "jabber:client");
    assert.equal(component.find("stanza")?.element.ns, "jabber:client");
  });

  test("part over a wrong secret", () => {
    const [component, server] = [beComponent(undefined, "tset"), serveComponent()];
    join(component, server);
    const end = component.find("ended")?.end;
    assert.equal(end?.type === "errorReceived" ? end.error.condition : undefined, "not-authorized");
    assert.equal(server.find("ended")?.end.type, "errorSent");
  });

  test("part over an unknown name", () => {
    const [component, server] = [beComponent("sonnets.shakespeare.example"), serveComponent()];
    join(component, server);
    const end = component.find("ended")?.end;
    assert.equal(end?.type === "errorReceived" ? end.error.condition : undefined, "host-unknown");
  });

  test("part in peace", () => {
    const [component, server] = [beComponent(), serveComponent()];
    join(component, server);
    component.input({ type: "close" });
    assert.deepEqual(component.find("ended")?.end, { type: "closed" });
    assert.deepEqual(server.find("ended")?.end, { type: "closed" });
  });

  test("read the same whatever bytes come at once", () => {
    const text = `<stream:stream ${streams} to='plays.shakespeare.example'><handshake>${handshakeOf("id1", "test")}</handshake><message from='plays.shakespeare.example' to='b@montague.example'/>`;
    const whole = serveComponent();
    whole.write(text);
    const single = serveComponent();
    for (const char of text) single.write(char);
    assert.deepEqual(single.kinds(), whole.kinds());
    assert.equal(single.take(), whole.take());
  });
});
