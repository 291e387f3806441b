import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bindNs, stanzasNs, plain, bind, bound, error, authenticated, runTable } from "../testing/transcript.ts";

describe("binding", () => {
  runTable(
    [
      {
        name: "the server generates a resource, and says which [rfc6120-7.2-01] [rfc6120-7.6-01] [rfc6120-7.6.1-01]",
        script: [[bind(), bound("generated")]],
        phase: "bound",
      },
      {
        name: "the client may ask for a resource [rfc6120-7.7.1-01] [rfc3920-7-08]",
        script: [[bind("balcony"), bound("balcony")]],
      },
      {
        name: "an empty resource is none [rfc6120-7.7.2.1-01]",
        script: [[bind(""), bound("generated")]],
      },
      ...(
        [
          ["taken", "conflict", "cancel", "[rfc6120-7.7.3-01]"],
          ["ghost", "not-allowed", "cancel", "[rfc6120-7.6.2.2-01]"],
          ["many", "resource-constraint", "wait", "[rfc6120-7.6.2.1-01]"],
          ["&#x200e;", "bad-request", "modify", "[rfc6120-7.7.3-01]"],
        ] as const
      ).map(([resource, condition, type, rule]) => ({
        name: `the server refuses with ${condition}, and the client may try again ${rule}`,
        script: [
          [
            bind(resource),
            `<iq type='error' id='b'>${
              /<iq[^>]*>(?<child>.*)<\/iq>/.exec(bind(resource === "&#x200e;" ? "\u200e" : resource))?.groups?.["child"]
            }<error type='${type}'><${condition} ${stanzasNs}/></error></iq>`,
          ],
          [bind("balcony"), bound("balcony")],
        ] as const,
      })),
      {
        name: "stanzas to others before binding end the stream [rfc6120-4.3.5-03] [rfc6120-7.1-05]",
        script: [["<message to='romeo@im.example'/>", error("not-authorized")]],
      },
      {
        name: "requests to others before binding end the stream",
        script: [["<iq to='romeo@im.example' type='get' id='1'><x xmlns='y'/></iq>", error("not-authorized")]],
      },
      {
        name: "presence before binding ends the stream [rfc6120-4.3.6-02] [rfc6120-7.3.1-01]",
        script: [["<presence/>", error("not-authorized")]],
      },
      {
        name: "requests to us before binding are told to wait",
        script: [
          [
            "<iq type='get' id='1'><x xmlns='y'/></iq>",
            `<iq type='error' id='1'><x xmlns='y'/><error type='wait'><unexpected-request ${stanzasNs}/><text ${stanzasNs} xml:lang='en'>bind a resource first</text></error></iq>`,
          ],
          [bind("balcony"), bound("balcony")],
        ],
      },
      {
        name: "SASL after SASL is not possible",
        script: [[plain, error("not-authorized", "auth is not possible now")]],
      },
    ],
    authenticated,
  );

  for (const [name, request] of [
    ["a get", `<iq type='get' id='b'><bind ${bindNs}/></iq>`],
    ["without id", `<iq type='set'><bind ${bindNs}/></iq>`],
    ["of two things", `<iq type='set' id='b'><bind ${bindNs}/><bind ${bindNs}/></iq>`],
    ["of another name", `<iq type='set' id='b'><unbind ${bindNs}/></iq>`],
  ] as const) {
    test(`a bind request ${name} is bad`, () => {
      const wire = authenticated();
      wire.write(request);
      assert.match(wire.take(), /^<iq [^>]*type='error'.*<error type='modify'><bad-request/);
      assert.equal(wire.state.phase, "choosingResource");
    });
  }

  test("too many refused resources end the stream [rfc6120-7.7.3-01] [rfc6120-7.7.3-02]", () => {
    const wire = authenticated();
    wire.write(bind("taken").repeat(5));
    assert.equal(wire.state.phase, "choosingResource");
    wire.take();
    wire.write(bind("taken") + bind("balcony"));
    assert.match(wire.take(), /<conflict [^>]*\/><\/error><\/iq><stream:error><policy-violation/);
    assert.equal(wire.state.phase, "closing");
  });
});
