import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  open,
  smNs,
  stanzasNs,
  bind,
  bound,
  error,
  serve,
  authenticated,
  bindStream,
  runTable,
} from "../testing/transcript.ts";

describe("stream management", () => {
  const failed = (condition: string, h = "") => `<failed ${smNs}${h}><${condition} ${stanzasNs}/></failed>`;
  const twice = error("policy-violation", "stream management was asked for before");
  const off = error("policy-violation", "stream management is off");
  describe("before authentication", () => {
    runTable(
      [
        { name: "<enable/> is refused [xep0198-3-08]", script: [[`<enable ${smNs}/>`, failed("unexpected-request")]] },
        {
          name: "<resume/> is refused [xep0198-10-01]",
          script: [[`<resume ${smNs} previd='sm-1' h='0'/>`, failed("unexpected-request")]],
        },
        { name: "<r/> ends the stream", script: [[`<r ${smNs}/>`, error("not-authorized")]] },
      ],
      () => {
        const wire = serve();
        wire.write(open);
        wire.take();
        return wire;
      },
    );
  });
  describe("before binding", () => {
    runTable(
      [
        {
          name: "<enable/> is refused, and binding still possible [xep0198-3-09] [xep0198-3-10] [xep0198-6-01] [xep0198-6-03]",
          script: [[`<enable ${smNs}/>${bind("balcony")}`, failed("unexpected-request") + bound("balcony")]],
        },
        {
          name: "<resume/> takes up the former stream [xep0198-5-13]",
          script: [[`<resume ${smNs} previd='sm-1' h='3'/>`, `<resumed ${smNs} previd='sm-1' h='5'/>`]],
          phase: "bound",
        },
        {
          name: "S8 a resumption that fails tells h where it is known [xep0198-5-15] [xep0198-5-16] [xep0198-5-17]",
          script: [
            [`<resume ${smNs} previd='sm-0' h='3'/>`, failed("item-not-found", " h='7'")],
            [`<resume ${smNs} previd='sm-x' h='3'/>`, failed("item-not-found")],
            [bind("balcony"), bound("balcony")],
          ],
        },
        {
          name: "<resume/> without h is bad [xep0198-5-12] [xep0198-6-01] [xep0198-6-02]",
          script: [[`<resume ${smNs} previd='sm-1'/>`, failed("bad-request")]],
        },
        {
          name: "<resume/> without id is bad [xep0198-5-12] [xep0198-6-01] [xep0198-6-02]",
          script: [[`<resume ${smNs} h='1'/>`, failed("bad-request")]],
        },
        {
          name: "<resume/> where there is no stream management is not implemented [xep0198-5-14]",
          setting: { host: { streamManagement: false } },
          script: [[`<resume ${smNs} previd='sm-1' h='3'/>`, failed("feature-not-implemented")]],
        },
        {
          name: "resumptions are bounded [xep0198-6-03]",
          script: [
            [`<resume ${smNs} previd='x' h='3'/>`.repeat(5), failed("item-not-found").repeat(5)],
            [
              `<resume ${smNs} previd='x' h='3'/>`,
              failed("item-not-found") + error("policy-violation", "too many failed attempts to bind"),
            ],
          ],
        },
      ],
      authenticated,
    );
  });
  describe("when bound", () => {
    const enable = [`<enable ${smNs} resume='true'/>`, `<enabled ${smNs} id='sm-1' resume='true' max='300'/>`] as const;
    runTable(
      [
        {
          name: "it can be enabled without resumption [xep0198-3-03]",
          script: [[`<enable ${smNs}/>`, `<enabled ${smNs}/>`]],
        },
        {
          name: "it can be enabled once [xep0198-3-11] [xep0198-3-12]",
          script: [enable, [`<enable ${smNs}/>`, twice]],
        },
        {
          name: "where there is none it is refused [xep0198-3-03] [xep0198-6-01]",
          setting: { host: { streamManagement: false } },
          script: [[`<enable ${smNs}/>`, failed("feature-not-implemented")]],
        },
        {
          name: "<resume/> comes too late",
          script: [[`<resume ${smNs} previd='sm-1' h='3'/>`, failed("unexpected-request")]],
        },
        { name: "<r/> while it is off ends the stream", script: [[`<r ${smNs}/>`, off]] },
        { name: "<a/> while it is off ends the stream", script: [[`<a ${smNs} h='0'/>`, off]] },
        {
          name: "<a/> without h ends the stream [xep0198-4-01]",
          script: [enable, [`<a ${smNs}/>`, error("bad-format", "malformed a")]],
        },
        {
          name: "<enabled/> is not for clients",
          script: [[`<enabled ${smNs}/>`, error("policy-violation", "enabled is for servers to send")]],
        },
      ],
      bindStream,
    );

    test("<r/> and <a/> reach the session [xep0198-4-03]", () => {
      const wire = bindStream();
      wire.write(`<enable ${smNs}/><r ${smNs}/><a ${smNs} h='4294967295'/>`);
      assert.ok(wire.find("ackRequested"));
      assert.equal(wire.find("ackReceived")?.h, 4294967295);
    });
  });
});
