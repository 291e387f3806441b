import assert from "node:assert/strict";
import { test } from "node:test";
import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { buildSm, readSm, type SmElement } from "./elements.ts";

const ns = "xmlns='urn:xmpp:sm:3'";

for (const [text, element] of [
  [`<enable ${ns}/>`, { type: "enable", resume: false, secondsMax: undefined }],
  [`<enable ${ns} resume='true' max='60'/>`, { type: "enable", resume: true, secondsMax: 60 }],
  [
    `<enabled ${ns} id='i' resume='true' max='300' location='[::1]:9222'/>`,
    { type: "enabled", id: "i", resume: true, secondsMax: 300, location: "[::1]:9222" },
  ],
  [`<resume ${ns} previd='i' h='0'/>`, { type: "resume", previous: "i", h: 0 }],
  [`<resumed ${ns} previd='i' h='4294967295'/>`, { type: "resumed", previous: "i", h: 4294967295 }],
  [
    `<failed ${ns} h='7'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`,
    { type: "failed", condition: "item-not-found", h: 7 },
  ],
  [`<r ${ns}/>`, { type: "r" }],
  [`<a ${ns} h='1'/>`, { type: "a", h: 1 }],
] as const satisfies readonly (readonly [string, SmElement])[]) {
  test(`${element.type} is read and written: ${text}`, () => {
    assert.deepEqual(readSm(parseElement(text)), element);
    assert.equal(serialize(buildSm(element)), text);
  });
}

test("booleans have two spellings [xep0198-3-01]", () => {
  const resumes = ["1", "true", "0", "false", "TRUE", ""].map((value) => {
    const read = readSm(parseElement(`<enable ${ns} resume='${value}'/>`));
    return read.type === "enable" && read.resume;
  });
  assert.deepEqual(resumes, [true, true, false, false, false, false]);
});

for (const text of [
  `<a ${ns}/>`,
  `<a ${ns} h='-1'/>`,
  `<a ${ns} h='4294967296'/>`,
  `<a ${ns} h='1.5'/>`,
  `<a ${ns} h=''/>`,
  `<resume ${ns} h='1'/>`,
  `<resume ${ns} previd='x'/>`,
  `<resume ${ns} previd='${"x".repeat(4001)}' h='1'/>`,
  `<ack ${ns}/>`,
]) {
  test(`malformed: ${text.slice(0, 60)}`, () => assert.equal(readSm(parseElement(text)).type, "malformed"));
}

test("an unknown or missing condition of <failed/> is undefined", () => {
  for (const inside of ["", "<tired xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"]) {
    const read = readSm(parseElement(`<failed ${ns}>${inside}</failed>`));
    assert.equal(read.type === "failed" && read.condition, "undefined-condition");
  }
});
