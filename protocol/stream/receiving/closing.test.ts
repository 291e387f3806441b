import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseElement } from "#protocol/xml/read.ts";
import { tls } from "../testing/client.ts";
import { hostOf, serverOf } from "../testing/server.ts";
import { Wire } from "../testing/wire.ts";
import { startReceiving } from "./receive.ts";
import { open, head, smNs, plain, error, serve, bindStream } from "../testing/transcript.ts";

describe("the end", () => {
  test("S7 the session has the last word before the closing tag", () => {
    const wire = bindStream();
    wire.write("</stream:stream>");
    assert.equal(wire.take(), "");
    assert.ok(wire.find("peerClosed"));
    wire.input({ type: "close" });
    assert.equal(wire.take(), "</stream:stream>");
    assert.deepEqual(wire.find("ended")?.end, { type: "closed" });
    assert.ok(wire.find("disconnect"));
  });

  test("a session that cannot finish does not hold the connection", () => {
    const wire = bindStream();
    wire.write("</stream:stream>");
    wire.input({ type: "timeout", timer: "closing" });
    assert.deepEqual(wire.find("ended")?.end, { type: "closeTimedOut" });
  });

  test("after our closing tag we listen, say nothing, and wait for the peer's [rfc6120-4.4-01]", () => {
    const wire = bindStream();
    wire.write(`<enable ${smNs}/>`);
    wire.take();
    wire.input({ type: "close" });
    assert.equal(wire.find("disconnect"), undefined);
    wire.write(`<message/><a ${smNs} h='0'/><x xmlns='y'/><r ${smNs}/>`);
    assert.equal(wire.take(), "</stream:stream>");
    assert.equal(wire.find("stanza")?.element.name, "message");
    assert.equal(wire.find("ackReceived")?.h, 0);
    wire.write("</stream:stream>");
    assert.deepEqual(wire.find("ended")?.end, { type: "closed" });
  });

  test("who does not close in time is cut off", () => {
    const wire = bindStream();
    wire.input({ type: "close" });
    wire.input({ type: "timeout", timer: "closing" });
    assert.deepEqual(wire.find("ended")?.end, { type: "closeTimedOut" });
    assert.ok(wire.find("disconnect"));
  });

  test("after an error nothing is listened to", () => {
    const wire = bindStream();
    wire.write("<x xmlns='y'/><message/>");
    assert.equal(wire.find("stanza"), undefined);
  });

  test("a transport that goes away leaves an open stream", () => {
    const wire = bindStream();
    wire.input({ type: "disconnected" });
    assert.deepEqual(wire.find("ended")?.end, { type: "disconnected" });
  });

  test("an error of the peer ends the stream [rfc6120-4.9.1.1-02]", () => {
    const wire = bindStream();
    wire.write(error("conflict"));
    assert.equal(wire.take(), "</stream:stream>");
    const end = wire.find("ended")?.end;
    assert.equal(end?.type === "errorReceived" ? end.error.condition : end?.type, "conflict");
  });

  test("before authentication a close is answered at once", () => {
    const wire = serve();
    wire.write(`${open}</stream:stream>`);
    assert.match(wire.take(), /<\/stream:features><\/stream:stream>$/);
    assert.equal(wire.state.phase, "ended");
  });

  test("A7 pings and white space earn no time before authentication, and the text says so [rfc6120-4.9.3.14-01]", () => {
    const wire = serve();
    wire.write(open);
    for (let i = 0; i < 100; i++) wire.write(" ");
    assert.equal(wire.effects.filter((effect) => effect.type === "startTimer").length, 1);
    wire.take();
    wire.input({ type: "timeout", timer: "negotiation" });
    assert.equal(wire.take(), error("policy-violation", "negotiation took too long"));
  });

  test("A7 the deadline holds before the header too, and ends when the stream is established", () => {
    const silent = serve();
    silent.input({ type: "timeout", timer: "negotiation" });
    assert.equal(silent.take(), head(1) + error("policy-violation", "negotiation took too long"));
    const wire = bindStream();
    assert.equal(wire.find("stopTimer")?.timer, "negotiation");
    wire.input({ type: "timeout", timer: "negotiation" });
    assert.equal(wire.take(), "");
  });

  test("A7 the deadline holds while a question is open", () => {
    const wire = new Wire(() => startReceiving(serverOf(hostOf("im.example")), tls));
    wire.write(open + plain);
    wire.take();
    wire.input({ type: "timeout", timer: "negotiation" });
    assert.equal(wire.take(), error("policy-violation", "negotiation took too long"));
    wire.write("</stream:stream>");
    assert.equal(wire.state.phase, "ended");
  });

  test("a transport that reads on while a question is open is our fault, and served no further", () => {
    const wire = new Wire(() => startReceiving(serverOf(hostOf("im.example")), tls));
    wire.write(open + plain);
    wire.take();
    wire.input({ type: "element", element: parseElement("<message/>") });
    assert.equal(wire.take(), error("internal-server-error"));
    assert.deepEqual(wire.find("log")?.event, { name: "input-while-paused", phase: "authenticating" });
  });

  test("an answer that comes after the end changes nothing", () => {
    const wire = new Wire(() => startReceiving(serverOf(hostOf("im.example")), tls));
    wire.write(open + plain);
    wire.input({ type: "disconnected" });
    const { length } = wire.effects;
    wire.input({ type: "credentials", found: undefined });
    assert.equal(wire.effects.length, length);
  });
});
