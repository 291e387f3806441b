import assert from "node:assert/strict";
import { test } from "node:test";
import { xml } from "#protocol/xml/element.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { isIqRequest, iqRequest, readIq, resultOf } from "./iq.ts";

for (const [stanza, type, payload] of [
  ["<iq type='get' id='1'><q xmlns='x'/></iq>", "get", "q"],
  ["<iq type='set' id='1'> <q xmlns='x'/> </iq>", "set", "q"],
  ["<iq type='result' id='1'/>", "result", undefined],
  ["<iq type='result' id='1'><q xmlns='x'/></iq>", "result", "q"],
  ["<iq type='error' id='1'><q xmlns='x'/><error/></iq>", "error", undefined],
] as const) {
  test(`${stanza} is fine [rfc6120-8.2.3-07] [rfc6120-8.2.3-08]`, () => {
    const iq = readIq(parseElement(stanza));
    assert.equal(iq.type, type);
    assert.equal(iq.id, "1");
    assert.equal(iq.type === "error" ? undefined : iq.payload?.name, payload);
  });
}

for (const [stanza, rule] of [
  ["<iq type='get'><q xmlns='x'/></iq>", "has no id [rfc6120-8.1.3-01] [rfc6120-8.2.3-01]"],
  ["<iq id='1'><q xmlns='x'/></iq>", "has no type [rfc6120-8.2.3-02]"],
  ["<iq type='subscribe' id='1'><q xmlns='x'/></iq>", "has an unknown type [rfc6120-8.2.3-03]"],
  ["<iq type='get' id='1'/>", "asks nothing [rfc6120-8.2.3-07] [rfc6120-8.4-01]"],
  ["<iq type='get' id='1'>text</iq>", "asks nothing but text [rfc6120-8.2.3-07]"],
  ["<iq type='set' id='1'><q xmlns='x'/><q xmlns='x'/></iq>", "asks twice [rfc6120-8.2.3-07]"],
  ["<iq type='result' id='1'><q xmlns='x'/><q xmlns='x'/></iq>", "answers twice [rfc6120-8.2.3-08]"],
] as const) {
  test(`an iq that ${rule} is a bad request`, () => {
    assert.throws(() => readIq(parseElement(stanza)), { name: "StanzaError", condition: "bad-request" });
  });
}

test("what wants an answer is a request, well-formed or not [rfc6120-8.2.3-04]", () => {
  const requests = ["get", "set", "subscribe", "result", "error"].filter((type) =>
    isIqRequest(parseElement(`<iq type='${type}'/>`)),
  );
  assert.deepEqual(requests, ["get", "set", "subscribe"]);
  assert.equal(isIqRequest(parseElement("<message/>")), false);
});

test("a result has no attributes of other namespaces, whatever its request had [rfc6120-8.4-04]", () => {
  const request = parseElement("<iq xmlns:x='urn:x' x:a='1' type='get' id='7' xml:lang='de'><q xmlns='x'/></iq>");
  assert.deepEqual(
    resultOf(request)
      .attributes.map(([name]) => name)
      .toSorted(),
    ["id", "type", "xml:lang"],
  );
});

test("a result goes back with the id of its request [rfc6120-8.1.3-02] [rfc6120-8.2.3-05] [rfc3920-9.2.3-04]", () => {
  const request = iqRequest("get", "7", xml("x", "q"), { ns: "jabber:client", to: "b", from: "a" });
  const result = resultOf(request);
  assert.deepEqual(
    ["type", "id", "from", "to"].map((name) => result.attr(name)),
    ["result", "7", "b", "a"],
  );
  assert.deepEqual(result.children, []);
});
