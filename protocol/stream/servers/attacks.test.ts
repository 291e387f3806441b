import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { unboundChannel } from "../secure-channel.ts";
import { domain } from "../testing/server.ts";
import { sorted } from "../testing/transcript.ts";
import { mayComeIn, mayGoOut } from "./pair-table.ts";
import type { ServerStreamState } from "./server-state.ts";
import {
  answered,
  askBidi,
  askVerify,
  auth,
  authorizePair,
  bidi,
  connect,
  dialback,
  external,
  features,
  keyVerified,
  proceed,
  result,
  serve,
  startTlsRequired,
  starttls,
  tell,
  theirs,
  verdict,
  verify,
} from "./testing/script.ts";
import { hostOf } from "./testing/sides.ts";
import type { ServerWire } from "./testing/server-wire.ts";

const capulet = "capulet.example";
const montague = "montague.example";
const secured = { type: "secured", channel: unboundChannel } as const;

describe("A21 what was sent ahead of TLS", () => {
  const rows = [
    ["EXTERNAL", auth("=")],
    ["a key", result(capulet, montague, "k")],
    ["both ways", askBidi],
    ["a whole stream", theirs + askBidi + result(capulet, montague, "k")],
    ["half an element", "<db:result from='cap"],
    ["white space", "\n"],
  ] as const;
  for (const [what, injected] of rows) {
    test(`A21 ${what} behind starttls is dropped [rfc6120-5.4.3.3-02] [rfc6120-5.4.3.3-03]`, () => {
      const wire = serve({ clear: true, trusts: () => true, host: { bidirectional: true } });
      wire.write(theirs);
      wire.write(starttls + injected);
      wire.take();
      wire.input(secured);
      assert.equal(wire.take(), "");
      wire.write(theirs);
      assert.equal(sorted(wire.take()), sorted(answered("id2") + features(external, dialback, bidi)));
      assert.deepEqual([wire.all("verifyKey"), wire.all("bidirectional"), wire.all("pairAuthorized")], [[], [], []]);
      assert.equal(wire.state.phase, "negotiating");
    });
    test(`A21 ${what} behind proceed is dropped [rfc6120-5.4.3.3-02]`, () => {
      const wire = connect({ clear: true, trusts: () => true });
      wire.write(answered("id1") + features(startTlsRequired));
      wire.write(proceed + injected.replaceAll(capulet, "x.example"));
      wire.take();
      wire.input(secured);
      assert.match(wire.take(), /^<\?xml version='1\.0'\?><stream:stream /);
      assert.equal(wire.state.phase, "awaitingHeader");
      wire.write(answered("id2") + features(external));
      assert.equal(wire.state.phase, "authenticating");
    });
  }
  test("A21 a key that was shown in the clear is forgotten, and looked into when it is shown anew", () => {
    const wire = serve({ clear: true, host: { security: "plain", bidirectional: true } });
    wire.write(theirs + result(capulet, montague, "k"));
    wire.write(starttls);
    wire.input(secured);
    wire.write(theirs + result(capulet, montague, "k"));
    assert.deepEqual(
      wire.all("verifyKey").map(({ id }) => id),
      ["id1", "id2"],
    );
    wire.input(keyVerified({ type: "valid" }, { id: "id1" }));
    assert.deepEqual(wire.all("pairAuthorized"), []);
  });
  test("A21 what comes while the handshake is going on ends it, in either role", () => {
    const theirEnd = serve({ clear: true });
    theirEnd.write(theirs + starttls);
    theirEnd.write(theirs + result(capulet, montague, "k"));
    assert.deepEqual(theirEnd.all("verifyKey"), []);
    const ourEnd = connect({ clear: true });
    ourEnd.write(answered("id1") + features(startTlsRequired) + proceed);
    ourEnd.write(`${answered("id1")}${verdict("result", montague, capulet, "valid")}`);
    assert.deepEqual(ourEnd.all("pairAuthorized"), []);
    assert.equal(ourEnd.effects.flatMap(tell).at(-1), "ended failed tlsUnavailable");
  });
});

/** An answer that nobody asked for ends the stream, and authorizes nothing. */
function assertRefused(wire: ServerWire): void {
  assert.match(wire.take(), /<stream:error><not-authorized /);
  assert.equal(wire.state.phase, "closing");
  assert.deepEqual(wire.all("log").at(-1)?.event.name, "unsolicited-dialback");
}

describe("A32 answers that nobody asked for", () => {
  const valid = verdict("result", capulet, montague, "valid");
  const authorized = (wire: ServerWire): readonly string[] =>
    wire.effects.flatMap(tell).filter((line) => line.startsWith("authorized"));
  test("A32 a result for a stream that asked for none", () => {
    const wire = serve();
    wire.write(theirs);
    wire.take();
    wire.write(valid);
    assertRefused(wire);
    assert.deepEqual(authorized(wire), []);
  });
  test("A32 a result for a pair that was not asked for, on a stream both ways", () => {
    const wire = serve({ host: { bidirectional: true }, hosts: [hostOf("chat.montague.example")] });
    wire.write(theirs + askBidi + result(capulet, montague, "k"));
    wire.input(keyVerified({ type: "valid" }));
    wire.input(authorizePair("chat.montague.example", capulet));
    wire.take();
    wire.write(verdict("result", "verona.example", "chat.montague.example", "valid"));
    assertRefused(wire);
    assert.deepEqual(authorized(wire), [`authorized ${montague} ${capulet} both by dialback`]);
  });
  test("A32 the same result twice [xep0220-2.1.1-08]", () => {
    const wire = connect();
    wire.write(answered("id1") + features(dialback));
    wire.write(verdict("result", montague, capulet, "valid"));
    wire.take();
    wire.write(verdict("result", montague, capulet, "valid"));
    assertRefused(wire);
  });
  test("A32 a result the wrong way round [xep0220-2.1.1-08]", () => {
    const wire = connect();
    wire.write(answered("id1") + features(dialback));
    wire.take();
    wire.write(valid);
    assertRefused(wire);
    assert.deepEqual(authorized(wire), []);
  });
  test("A32 a result on the stream of somebody else [xep0220-2.1.1-08]", () => {
    const ours = connect();
    ours.write(answered("id1") + features(dialback));
    const other = connect({ errand: { remote: domain("verona.example") } });
    other.write(answered("id1").replaceAll(montague, "verona.example") + features(dialback));
    other.take();
    other.write(verdict("result", montague, capulet, "valid"));
    assertRefused(other);
    assert.deepEqual([authorized(ours), authorized(other)], [[], []]);
  });
  for (const [what, answer] of [
    ["that was not asked about", verdict("verify", montague, capulet, "valid", "other")],
    ["of another domain", verdict("verify", "verona.example", capulet, "valid", "7")],
    ["for another domain of ours", verdict("verify", montague, "rooms.capulet.example", "valid", "7")],
    ["the wrong way round", verdict("verify", capulet, montague, "valid", "7")],
  ] as const)
    test(`A32 a verdict on a key ${what} [xep0220-2.1.2-05] [rfc3920-8.3-18] [rfc3920-8.3-19] [rfc3920-8.3-20]`, () => {
      const wire = connect();
      wire.write(answered("id1") + features(dialback));
      wire.input(askVerify(capulet, montague, "7", "k"));
      wire.take();
      wire.write(answer);
      assertRefused(wire);
      assert.deepEqual(wire.all("verified"), []);
    });
  test("A32 a verdict from who is only connected to us", () => {
    const wire = serve();
    wire.write(theirs + result(capulet, montague, "k"));
    wire.take();
    wire.write(verdict("verify", capulet, montague, "valid", "id1"));
    assertRefused(wire);
    assert.deepEqual(authorized(wire), []);
  });
});

describe("A33 keys", () => {
  test("A33 a key for one stream, or one pair, is no key for another [xep0220-2.2.2-02]", () => {
    const wire = serve({ hosts: [hostOf("example.montague.example")] });
    wire.write(theirs);
    const asked = connect();
    asked.write(answered("1") + features(dialback));
    const key = />([0-9a-f]{64})</.exec(asked.take())?.[1] ?? "";
    const ask = (from: string, to: string, id: string): string => {
      wire.take();
      wire.write(verify(from, to, id, key));
      return / type='(\w+)'/.exec(wire.take())?.[1] ?? "";
    };
    assert.equal(ask(montague, montague, "1"), "invalid");
    assert.equal(ask("example", `.montague.example`.slice(1), `${capulet} 1`), "invalid");
    assert.equal(ask(montague, "example.montague.example", "1"), "invalid");
    assert.equal(ask("x.example", montague, `${montague} ${capulet} 1`), "invalid");
  });
});

/** Which stanzas may pass. */
const may = (state: ServerStreamState, local: string, remote: string): readonly boolean[] => {
  assert.ok(state.phase !== "closing" && state.phase !== "ended");
  const pair = { local: domain(local), remote: domain(remote) };
  return [mayComeIn(state.facts, pair), mayGoOut(state.facts, pair)];
};

describe("A35 senders that do not belong to the pair", () => {
  test("A35 a pair says nothing of its neighbours, of sub-domains, or of the other way [xep0288-2.2-04] [rfc3920-8.3-24] [rfc3920-8.1-04]", () => {
    const wire = serve({ trusts: (remote) => remote === capulet, hosts: [hostOf("chat.montague.example")] });
    wire.write(theirs + auth("="));
    wire.write(theirs);
    assert.deepEqual(may(wire.state, montague, capulet), [true, false]);
    assert.deepEqual(may(wire.state, montague, "rooms.capulet.example"), [false, false]);
    assert.deepEqual(may(wire.state, "chat.montague.example", capulet), [false, false]);
    assert.deepEqual(may(wire.state, montague, "example"), [false, false]);
  });
  test("A35 both ways means the pair turned round, and no other [xep0288-2.2-04]", () => {
    const wire = serve({ host: { bidirectional: true }, hosts: [hostOf("chat.montague.example")] });
    wire.write(theirs + askBidi + result(capulet, montague, "k"));
    wire.input(keyVerified({ type: "valid" }));
    assert.deepEqual(may(wire.state, montague, capulet), [true, true]);
    assert.deepEqual(may(wire.state, "chat.montague.example", capulet), [false, false]);
    assert.deepEqual(may(wire.state, montague, "verona.example"), [false, false]);
  });
  test("A35 a pair that is refused, or still being asked about, lets nobody in", () => {
    const wire = serve({ hosts: [hostOf("chat.montague.example")] });
    wire.write(theirs + result(capulet, montague, "k") + result("verona.example", montague, "k"));
    wire.input(keyVerified({ type: "valid" }));
    assert.deepEqual(may(wire.state, montague, "verona.example"), [false, false]);
    wire.input(keyVerified({ type: "error", condition: "remote-server-timeout" }, { remote: "verona.example" }));
    assert.deepEqual(may(wire.state, montague, "verona.example"), [false, false]);
  });
  test("A35 what dialback proved before EXTERNAL does not hold behind it", () => {
    const wire = serve({ trusts: () => true });
    wire.write(theirs + result("verona.example", montague, "k"));
    assert.deepEqual(may(wire.state, montague, "verona.example"), [true, false]);
    wire.take();
    wire.write(auth("="));
    assert.match(wire.take(), /not-authorized/, "SASL comes first or not at all");
  });
});
