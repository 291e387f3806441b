import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { StreamError } from "../stream-error.ts";
import { error, sorted } from "../testing/transcript.ts";
import { handshakeOf } from "./handshake.ts";
import { serveComponent, type Admission } from "./testing/component-wire.ts";

const streams = "xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'";
const open = `<stream:stream ${streams} to='plays.shakespeare.example'>`;
const head = (from = "plays.shakespeare.example", id = 1) =>
  `<?xml version='1.0'?><stream:stream from='${from}' id='id${id}' ${streams}>`;
const stranger = head("shakespeare.example");
const proof = `<handshake>${handshakeOf("id1", "test")}</handshake>`;
const message = "<message from='plays.shakespeare.example' to='romeo@montague.example'><body>hi</body></message>";

interface Row {
  readonly name: string;
  readonly sent: readonly string[];
  readonly answered: string;
  readonly phase: string;
  readonly admission?: Admission;
  readonly secrets?: readonly string[];
}

const rows: readonly Row[] = [
  {
    name: "a header for a component that is served is answered with its name, an id, and no version [xep0114-3-01]",
    sent: [open],
    answered: head(),
    phase: "awaitingProof",
  },
  {
    name: "a header that names a version is answered as any other, and nothing is offered",
    sent: [open.replace("to=", "version='1.0' to=")],
    answered: head(),
    phase: "awaitingProof",
  },
  {
    name: "the name is compared as an address, whatever its letters",
    sent: [open.replace("plays", "PLAYS")],
    answered: head(),
    phase: "awaitingProof",
  },
  {
    name: "who proves to know the secret is let in with an empty handshake [xep0114-3-07]",
    sent: [open, proof],
    answered: `${head()}<handshake/>`,
    phase: "serving",
  },
  {
    name: "white space around the proof does not matter, nor white space between elements",
    sent: [open, " \n", proof.replace("<handshake>", "<handshake>\n  ").replace("</", " </")],
    answered: `${head()}<handshake/>`,
    phase: "serving",
  },
  {
    name: "while a new secret takes the old one's place both hold",
    sent: [open, proof],
    answered: `${head()}<handshake/>`,
    phase: "serving",
    secrets: ["new", "test"],
  },
  {
    name: "a name that nobody serves is unknown, told inside of a stream [xep0114-3-02] [xep0114-3-04]",
    sent: [open.replace("plays", "sonnets")],
    answered: stranger + error("host-unknown"),
    phase: "closing",
  },
  {
    name: "who may not even try is told why",
    sent: [open.replace("plays", "busy")],
    answered: stranger + error("policy-violation", "too many failures"),
    phase: "closing",
  },
  {
    name: "a name with a localpart is no component's",
    sent: [open.replace("plays.", "me@plays.")],
    answered: stranger + error("host-unknown"),
    phase: "closing",
  },
  {
    name: "a header to nobody says nothing",
    sent: [`<stream:stream ${streams}>`],
    answered: stranger + error("improper-addressing", "a stream is opened to the component's name"),
    phase: "closing",
  },
  {
    name: "a client's stream is of the wrong content [xep0114-3-03]",
    sent: [open.replace("jabber:component:accept", "jabber:client")],
    answered: head() + error("invalid-namespace", "not the content namespace of this port"),
    phase: "closing",
  },
  {
    name: "the other method, by which servers connect to components, is of the wrong content [xep0114-3-03]",
    sent: [open.replace("component:accept", "component:connect")],
    answered: head() + error("invalid-namespace", "not the content namespace of this port"),
    phase: "closing",
  },
  {
    name: "a stream in another namespace is none [xep0114-3-03]",
    sent: [open.replace("http://etherx.jabber.org/streams", "urn:wrong")],
    answered: head() + error("invalid-namespace"),
    phase: "closing",
  },
  {
    name: "a wrong proof ends the stream and the connection, with not-authorized [xep0114-3-06]",
    sent: [open, `<handshake>${handshakeOf("id1", "tset")}</handshake>`],
    answered: head() + error("not-authorized"),
    phase: "closing",
  },
  {
    name: "an empty proof is a wrong one [xep0114-3-06]",
    sent: [open, "<handshake/>"],
    answered: head() + error("not-authorized"),
    phase: "closing",
  },
  {
    name: "of a component without a secret nobody can prove anything",
    sent: [open, `<handshake>${handshakeOf("id1", "")}</handshake>`],
    answered: head() + error("not-authorized"),
    phase: "closing",
    secrets: [],
  },
  {
    name: "after a wrong proof there is no second one [xep0114-3-06]",
    sent: [open, "<handshake>guess</handshake>", proof],
    answered: head() + error("not-authorized"),
    phase: "closing",
  },
  {
    name: "a stanza ahead of the handshake is not looked at",
    sent: [open, message],
    answered: head() + error("not-authorized", "a handshake comes first"),
    phase: "closing",
  },
  {
    name: "SASL is no handshake",
    sent: [open, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'/>"],
    answered: head() + error("not-authorized", "a handshake comes first"),
    phase: "closing",
  },
  {
    name: "who is not admitted although the secret is right is told why",
    sent: [open, proof],
    answered: head() + error("conflict"),
    phase: "closing",
    admission: { type: "notAdmitted", error: new StreamError("conflict") },
  },
  {
    name: "a second handshake means nothing",
    sent: [open, proof, proof],
    answered: `${head()}<handshake/>${error("unsupported-stanza-type")}`,
    phase: "closing",
  },
  {
    name: "a second header is a fault",
    sent: [open, proof, `${open}</stream:stream>`],
    answered: `${head()}<handshake/>${error("unsupported-stanza-type")}`,
    phase: "closing",
  },
  {
    name: "stream management is not for components",
    sent: [open, proof, "<enable xmlns='urn:xmpp:sm:3'/>"],
    answered: `${head()}<handshake/>${error("unsupported-stanza-type")}`,
    phase: "closing",
  },
  {
    name: "XML that is broken is not read further",
    sent: [open, proof, "<message></presence>"],
    answered: `${head()}<handshake/>${error("not-well-formed", "end tag without its start tag")}`,
    phase: "ended",
  },
  {
    name: "what is no XML is answered inside of a stream",
    sent: ["GET / HTTP/1.1\r\n"],
    answered: stranger + error("not-well-formed", "text before the stream header"),
    phase: "ended",
  },
  {
    name: "its own error ends the stream",
    sent: [open, proof, "<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"],
    answered: `${head()}<handshake/></stream:stream>`,
    phase: "ended",
  },
  {
    name: "its closing tag is answered with ours",
    sent: [open, proof, "</stream:stream>"],
    answered: `${head()}<handshake/></stream:stream>`,
    phase: "ended",
  },
  {
    name: "so it is ahead of the handshake",
    sent: [open, "</stream:stream>"],
    answered: `${head()}</stream:stream>`,
    phase: "ended",
  },
];

describe("a server for a component", () => {
  for (const { name, sent, answered, phase, ...options } of rows)
    test(name, () => {
      const wire = serveComponent(options);
      for (const text of sent) wire.write(text);
      assert.equal(sorted(wire.take()), sorted(answered));
      assert.equal(wire.state.phase, phase);
    });

  test("what it sends behind the handshake waits until it is let in, and is handed on in order", () => {
    const wire = serveComponent({ admission: "later" });
    wire.write(open + proof + message + message.replace("hi", "ho"));
    assert.equal(wire.state.phase, "admitting");
    assert.equal(wire.find("stanza"), undefined);
    wire.input({ type: "admitted" });
    const kinds = wire.kinds();
    assert.deepEqual(kinds.slice(kinds.indexOf("admit")), [
      "admit",
      "send",
      "stopTimer",
      "componentEstablished",
      "resumeInput",
      "stanza",
      "stanza",
    ]);
    assert.ok(wire.established);
  });

  test("a failed proof is told to whoever counts them", () => {
    const wire = serveComponent();
    wire.write(`${open}<handshake>guess</handshake>`);
    assert.equal(wire.find("handshakeFailed")?.domain, "plays.shakespeare.example");
  });

  test("its language goes with what it sends", () => {
    const wire = serveComponent();
    wire.write(open.replace("to=", "xml:lang='de' to=") + proof);
    assert.equal(wire.find("componentEstablished")?.language, "de");
  });

  test("A7 who negotiates for ever is sent away, whatever keeps coming", () => {
    const wire = serveComponent();
    wire.write(open);
    for (let at = 0; at < 10; at++) wire.write(" ");
    assert.deepEqual(
      wire.effects.filter(({ type }) => type === "startTimer"),
      [{ type: "startTimer", timer: "negotiation" }],
    );
    wire.input({ type: "timeout", timer: "negotiation" });
    assert.equal(sorted(wire.take()), sorted(head() + error("policy-violation", "negotiation took too long")));
  });

  test("after the handshake there is no deadline any more", () => {
    const wire = serveComponent();
    wire.write(open + proof);
    wire.input({ type: "timeout", timer: "negotiation" });
    assert.ok(wire.established);
  });

  test("a server that ends the stream in peace still takes what was under way", () => {
    const wire = serveComponent();
    wire.write(open + proof);
    wire.input({ type: "close" });
    wire.write(`${message}</stream:stream>`);
    assert.deepEqual(wire.kinds().slice(-6), ["startTimer", "stanza", "stopTimer", "stopTimer", "disconnect", "ended"]);
    assert.deepEqual(wire.find("ended")?.end, { type: "closed" });
  });

  test("a server that ends it with an error takes nothing more", () => {
    const wire = serveComponent();
    wire.write(open + proof);
    wire.input({ type: "close", error: new StreamError("system-shutdown") });
    wire.write(message);
    assert.equal(wire.find("stanza"), undefined);
    wire.input({ type: "timeout", timer: "closing" });
    assert.equal(wire.find("ended")?.end.type, "errorSent");
  });

  test("a server that waits for its closing tag in vain goes on without", () => {
    const wire = serveComponent();
    wire.write(open + proof);
    wire.input({ type: "close" });
    wire.input({ type: "timeout", timer: "closing" });
    assert.deepEqual(wire.find("ended")?.end, { type: "closeTimedOut" });
  });

  test("a connection that breaks ends everything in every phase, and nothing more is said", () => {
    for (const sent of [[], [open], [open, proof], [open, "<handshake/>"]]) {
      const wire = serveComponent();
      for (const text of sent) wire.write(text);
      wire.take();
      wire.input({ type: "disconnected" });
      assert.equal(wire.state.phase, "ended");
      assert.equal(wire.take(), "");
      const before = wire.effects.length;
      wire.input({ type: "admitted" });
      wire.input({ type: "close" });
      assert.equal(wire.effects.length, before);
    }
  });

  test("a stream that nobody has opened is ended without a word", () => {
    const wire = serveComponent();
    wire.input({ type: "close" });
    assert.equal(wire.take(), "");
    assert.equal(wire.state.phase, "ended");
  });
});
