import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { remoteSoftwares } from "../remotes/all.ts";
import { jabberd2 } from "../remotes/jabberd2.ts";
import { meet, type MeetingPlace, type Terms } from "../remotes/meeting.ts";
import type { RemoteSoftware, ServerStream } from "../remotes/remote-server.ts";

const ours = "ours.test";
const alice = `alice@${ours}`;

/** A word both ways, on certain terms. */
interface Meeting extends Terms {
  readonly title: string;
  /** How the streams that we open, and those that the remote server opens, must come about; as the remote server tells. */
  readonly expected: (software: RemoteSoftware) => { readonly opened: Proof; readonly accepted: Proof };
}

type Proof = Omit<ServerStream, "direction">;
const byDialback = { by: "dialback", tls: true } as const;
const inTheClear = { by: "dialback", tls: false } as const;
const external = (capable: boolean): Proof => (capable ? { by: "EXTERNAL", tls: true } : byDialback);

const meetings: readonly Meeting[] = [
  {
    title: "good certificates on both sides",
    our: "dialback",
    remote: {},
    expected: ({ external: can }) => ({ opened: external(can.accepts), accepted: external(can.shows) }),
  },
  {
    title: "good certificates, and neither side takes less",
    our: "certificate",
    remote: { security: "certificate" },
    expected: ({ external: can }) => ({ opened: external(can.accepts), accepted: external(can.shows) }),
  },
  {
    title: "a certificate of theirs that is for servers only, as public authorities make them",
    our: "certificate",
    remote: { certificate: "server-only" },
    expected: ({ external: can }) => ({ opened: external(can.accepts), accepted: external(can.shows) }),
  },
  {
    title: "a certificate of ours that is for servers only",
    ourCertificate: "server-only",
    our: "dialback",
    remote: {},
    expected: ({ external: can }) => ({ opened: external(can.acceptsServerOnly), accepted: external(can.shows) }),
  },
  {
    title: "a certificate of theirs of an unknown authority: TLS and dialback",
    our: "dialback",
    remote: { certificate: "unknown-authority" },
    expected: ({ external: can }) => ({ opened: external(can.accepts), accepted: byDialback }),
  },
  {
    title: "a certificate of ours of an unknown authority: TLS and dialback",
    ourCertificate: "unknown-authority",
    our: "dialback",
    remote: {},
    // Another of ours asks on the connection on which it has verified our key, and that has no SASL.
    expected: ({ external: can, asksWhereItVerified }) => ({
      opened: byDialback,
      accepted: asksWhereItVerified ? byDialback : external(can.shows),
    }),
  },
  {
    title: "no TLS, where both sides allow that",
    our: "plain",
    remote: { security: "plain" },
    expected: () => ({ opened: inTheClear, accepted: inTheClear }),
  },
];

for (const software of remoteSoftwares)
  suite(software.name, () => {
    for (const meeting of meetings) {
      // Where it asks for a certificate, who cannot look at ours is not to be come to. The certificate that it shows when it comes
      // counts without EXTERNAL, too (dialback without dialback).
      if (meeting.remote.security === "certificate" && !software.external.accepts) continue;
      if (meeting.our === "plain" && !software.goesWithoutTls) continue;
      test(`${meeting.title}: a word both ways`, async () => {
        await using place = await meet(software, meeting);
        const { here, there, remote } = place;
        await here.order("message", { to: remote.user("bob"), body: "across" });
        const heard = await there.event("message", (event) => event["body"] === "across");
        assert.match(String(heard["from"]), /^alice@ours\.test\//u);
        await there.order("message", { to: alice, body: "and back" });
        const answer = await here.event("message", (event) => event["body"] === "and back");
        assert.match(String(answer["from"]), /^bob@/u);
        const streams = await remote.streamsWith(ours, ["incoming", "outgoing"]);
        const { opened, accepted } = meeting.expected(software);
        assert.deepEqual(proofs(streams, "incoming"), [opened], "the streams that we opened");
        assert.deepEqual(proofs(streams, "outgoing"), [accepted], "the streams that they opened");
      });
    }

    for (const certificate of [
      "expired",
      "wrong-name",
      "self-signed",
      "unknown-authority",
      "server-only-unknown-authority",
    ] as const)
      test(`their certificate is bad (${certificate}) and we ask for a good one: nothing goes either way, and senders hear of it`, async () => {
        await using place = await meet(software, { our: "certificate", remote: { certificate } });
        await refusedBothWays(place, software);
      });

    if (software.external.accepts)
      for (const ourCertificate of ["expired", "wrong-name", "self-signed", "unknown-authority"] as const)
        test(`our certificate is bad (${ourCertificate}) and they ask for a good one: nothing goes either way, and senders hear of it`, async () => {
          await using place = await meet(software, {
            ourCertificate,
            our: "dialback",
            remote: { security: "certificate" },
          });
          await refusedBothWays(place, software);
        });

    if (software.goesWithoutTls)
      test("we ask for TLS and they have none: nothing goes either way, and senders hear of it", async () => {
        await using place = await meet(software, { our: "dialback", remote: { security: "plain" } });
        await refusedBothWays(place, software);
      });

    test("we do not talk to their domain: nothing goes either way, and senders hear of it", async () => {
      await using place = await meet(software, { our: "dialback", ours: { block: [software.domains[0]] }, remote: {} });
      await refusedBothWays(place, software, /^not-allowed$/u);
    });

    const direct = software.domains[1];
    if (direct !== undefined)
      test("direct TLS, both ways", async () => {
        await using place = await meet(software, { our: "dialback", remote: {} });
        const { here, there, remote } = place;
        assert.equal(await here.order("ping", { jid: direct }), true);
        assert.equal(await there.order("ping", { jid: "direct.ours.test" }), true);
        const streams = await remote.streamsWith("direct.ours.test", ["outgoing"]);
        assert.deepEqual(proofs(streams, "outgoing"), [{ by: "EXTERNAL", tls: true }]);
      });
  });

/** The different ways in which streams came about. */
function proofs(streams: readonly ServerStream[], direction: ServerStream["direction"]): readonly Proof[] {
  // Some open a second one only to ask about dialback keys.
  const texts = streams
    .filter((stream) => stream.direction === direction)
    .map(({ by, tls }) => JSON.stringify({ by, tls }));
  return [...new Set(texts)].map((text) => JSON.parse(text));
}

async function refusedBothWays(
  { here, there, remote }: MeetingPlace,
  software: RemoteSoftware,
  condition = /^(remote-server-not-found|remote-server-timeout)$/u,
): Promise<void> {
  await here.order("message", { to: remote.user("bob"), body: "across", id: "m1" });
  const bounce = await here.event("message", (event) => event["type"] === "error" && event["id"] === "m1");
  assert.match(String(bounce["error"]), condition);
  await there.order("message", { to: alice, body: "and back", id: "m2" });
  // jabberd2 keeps what it cannot send for a minute; that nothing came is seen below.
  if (software !== jabberd2) await there.event("message", (event) => event["type"] === "error" && event["id"] === "m2");
  assert.deepEqual(await remote.streamsWith(ours), []);
  await here.order("ping", { jid: ours });
  for (const peer of [here, there])
    assert.deepEqual(
      peer.seen("message").filter((event) => event["type"] !== "error"),
      [],
    );
}
