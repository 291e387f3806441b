import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mechanisms as allMechanisms } from "#protocol/sasl/mechanism.ts";
import { defaultSaslClientPolicy, type SaslClientPolicy } from "#protocol/sasl/choose-mechanism.ts";
import type { InitiatingConfig } from "./initiating/config.ts";
import type { StreamHost } from "./receiving/config.ts";
import type { SecureChannel } from "./secure-channel.ts";
import type { StreamEnd } from "./stream-end.ts";
import { clientAnswers, julietSasl, julietsClient, tls } from "./testing/client.ts";
import { meet, type Meeting, type Pair } from "./testing/pair.ts";
import { full, hostOf, julietCredentials, openPolicy, serverAnswers, serverOf } from "./testing/server.ts";
import { Wire } from "./testing/wire.ts";
import { mayKeepAlive } from "./receive.ts";
import { startReceiving } from "./receiving/receive.ts";

const juliet = julietCredentials();

function meeting(
  options: {
    readonly client?: Partial<InitiatingConfig>;
    readonly host?: Partial<StreamHost>;
    readonly transport?: Meeting["transport"];
    readonly channel?: SecureChannel;
  } = {},
): Pair {
  return meet({
    client: julietsClient(options.client),
    server: serverOf(hostOf("im.example", { startTls: "required", ...options.host })),
    clientAnswers,
    serverAnswers: serverAnswers(juliet),
    transport: options.transport ?? "clear",
    channel: options.channel ?? tls,
  });
}

function endOf(pair: Pair): StreamEnd | undefined {
  pair.client.input({ type: "timeout", timer: "closing" });
  return pair.client.find("ended")?.end;
}

const jid = full("juliet@im.example/balcony");

function credentialsOf(mechanism: string): Partial<SaslClientPolicy> {
  if (mechanism === "EXTERNAL") return { credentials: "certificate" };
  return mechanism === "ANONYMOUS" ? { credentials: "anonymous", weakest: "ANONYMOUS" } : {};
}

const previous = (id: string) => ({ sm: { resumable: true, previous: { id, jid, h: 3 } } });

describe("a client and a server", () => {
  const certified: SecureChannel = {
    ...tls,
    certificate: [{ address: "juliet@im.example", username: "juliet" }],
  };
  for (const transport of ["clear", "tls"] as const) {
    for (const mechanism of allMechanisms) {
      test(`meet over ${transport === "clear" ? "STARTTLS" : "direct TLS"} with ${mechanism}, and no stream is closed [rfc6120-4.3.3-01] [rfc6120-6.2-01] [rfc6120-6.4.6-04] [rfc6120-13.4-01] [rfc6120-13.5-01]`, () => {
        const policy = { ...defaultSaslClientPolicy, ...credentialsOf(mechanism) };
        const config = { sasl: julietSasl({ only: mechanism, policy }), resource: "balcony", sm: { resumable: true } };
        const { client, server, transcript } = meeting({
          client: config,
          transport,
          channel: mechanism === "EXTERNAL" ? certified : tls,
        });
        assert.equal(client.state.phase, "connected", transcript.join("\n"));
        assert.equal(server.state.phase, "bound");
        assert.equal(client.find("established")?.jid, server.find("established")?.jid);
        assert.equal(client.find("smEnabled")?.id, "sm-1");
        assert.equal(server.find("authorize")?.mechanism, mechanism);
        if (mechanism !== "ANONYMOUS") assert.equal(client.find("established")?.jid, jid);
        const headers = transcript.filter((line) => line.includes("<stream:stream"));
        assert.equal(headers.length, transport === "clear" ? 6 : 4);
        assert.ok(transcript.filter((line) => line.startsWith("C: ")).every((line) => !line.includes("</stream")));
      });
    }
  }

  test("their address is who authenticated, with the resource that was bound [rfc6120-4.3.6-01] [rfc6120-4.3.6-03] [rfc6120-4.3.6-04] [rfc6120-7.1-02] [rfc6120-7.2-01]", () => {
    const { client, server } = meeting({ client: { resource: "balcony" } });
    assert.equal(server.find("established")?.jid, jid);
    assert.equal(client.find("established")?.jid, jid);
  });

  test("a log-in goes step by step: header, TLS, header, SASL, header, binding [rfc3920-3.5-03] [rfc3920-4.1-03] [rfc3920-4.3-01] [rfc3920-7-03] [rfc3920-14.3-01]", () => {
    const { client, transcript } = meeting({ client: { sasl: julietSasl({ only: "PLAIN" }), resource: "balcony" } });
    assert.deepEqual(
      transcript.map((line) => /^(.): (?:<\?.*\?>)?<([a-z:]+)/.exec(line)?.slice(1).join(" ")),
      [
        ["C stream:stream", "S stream:stream", "S stream:features", "C starttls", "S proceed"],
        ["C stream:stream", "S stream:stream", "S stream:features", "C auth", "S success"],
        ["C stream:stream", "S stream:stream", "S stream:features", "C iq", "S iq"],
      ].flat(),
    );
    assert.equal(client.find("established")?.jid, jid);
  });

  test("nothing is in the clear but headers, features and STARTTLS [rfc6120-13.3-01] [rfc6120-13.6-01] [rfc6120-13.8.2-02] [rfc6120-13.9.4-01]", () => {
    const { transcript } = meeting();
    const proceed = transcript.findIndex((line) => line.includes("<proceed"));
    assert.deepEqual(
      transcript.slice(0, proceed + 1).map((line) => /^(.): (?:<\?.*\?>)?<([a-z:]+)/.exec(line)?.slice(1).join(" ")),
      ["C stream:stream", "S stream:stream", "S stream:features", "C starttls", "S proceed"],
    );
    const rest = transcript.slice(proceed + 1).join("\n");
    assert.ok(rest.indexOf("<success") < rest.indexOf("<iq"), "SASL is over before the first stanza");
  });

  for (const mechanism of ["SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"])
    test(`${mechanism} works over TLS [rfc6120-6.3.4-05] [rfc6120-13.8.1-01] [rfc6120-13.8.3-01]`, () => {
      const { client, server } = meeting({ client: { sasl: julietSasl({ only: mechanism }) } });
      assert.equal(server.find("authorize")?.mechanism, mechanism);
      assert.equal(client.state.phase, "connected");
    });

  test("challenges, responses and the last data arrive, so that both have proven themselves [rfc6120-6.3.10-01] [rfc6120-6.4.3-01] [rfc6120-6.4.3-02] [rfc6120-6.4.6-02]", () => {
    const { client, transcript } = meeting();
    const names = transcript.flatMap((line) => /<(auth|challenge|response|success)\b/.exec(line)?.[1] ?? []);
    assert.deepEqual(names, ["auth", "challenge", "response", "success"]);
    assert.ok(transcript.some((line) => /<success [^>]*>[^<]/.test(line)));
    assert.equal(client.state.phase, "connected");
  });

  test("the channel is bound wherever both can [rfc6120-13.8.1-03] [rfc6120-13.9.4-02]", () => {
    const { server } = meeting();
    assert.equal(server.find("authorize")?.mechanism, "SCRAM-SHA-512-PLUS");
  });

  test("every stream has an id of its own [rfc6120-4.3.3-03] [rfc6120-4.7.3-01] [rfc6120-4.7.3-04]", () => {
    const { transcript } = meeting();
    const ids = transcript.flatMap((line) => /^S: .*<stream:stream.* id='([^']+)'/.exec(line)?.[1] ?? []);
    assert.deepEqual(ids, ["id1", "id2", "id3"]);
  });

  test("the client says who it is only under TLS [rfc6120-4.7.1-01]", () => {
    const { transcript } = meeting();
    const headers = transcript.filter((line) => line.startsWith("C: <?xml"));
    assert.deepEqual(
      headers.map((line) => line.includes("from='juliet@im.example'")),
      [false, true, true],
    );
  });

  test("white space keeps an established stream alive, and no other [rfc6120-5.3.3-01] [rfc6120-6.3.5-01] [rfc6120-11.7-01]", () => {
    const wire = new Wire(
      () => startReceiving(serverOf(hostOf("im.example", { startTls: "required" }))),
      serverAnswers(juliet),
    );
    const phases: [string, boolean][] = [];
    const after = (input: () => void): void => {
      input();
      phases.push([wire.state.phase, mayKeepAlive(wire.state)]);
    };
    const open =
      "<stream:stream to='im.example' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
    after(() => wire.write(open));
    after(() => wire.write("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"));
    after(() => wire.input({ type: "secured", channel: tls }));
    after(() => wire.write(`${open}<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'/>`));
    after(() => wire.write(`<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${btoa("\0juliet\0r0m30")}</response>`));
    after(() => wire.write(`${open}<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>`));
    after(() => wire.write(" "));
    assert.deepEqual(phases, [
      ["choosing", false],
      ["securing", false],
      ["opening", false],
      ["authenticating", false],
      ["opening", false],
      ["bound", true],
      ["bound", true],
    ]);
  });

  test("the client closes, and both end", () => {
    const pair = meeting();
    pair.client.input({ type: "close" });
    pair.server.write("</stream:stream>");
    pair.server.input({ type: "close" });
    pair.client.write("</stream:stream>");
    assert.deepEqual(endOf(pair), { type: "closed" });
    assert.deepEqual(pair.server.find("ended")?.end, { type: "closed" });
  });

  test("a resource that is taken leads to another one [rfc6120-4.9.3.3-01]", () => {
    const { client } = meeting({ client: { resource: "taken" } });
    assert.equal(client.find("established")?.jid, "juliet@im.example/generated");
  });

  test("a resource that is refused ends the attempt", () => {
    const pair = meeting({ client: { resource: "ghost" } });
    const end = endOf(pair);
    assert(end?.type === "failed" && end.failure.type === "bindFailed");
    assert.equal(end.failure.error.condition, "not-allowed");
  });
});

describe("stream management between a client and a server", () => {
  test("a stream is resumed, and both know how far the other was", () => {
    const { client, server } = meeting({ client: previous("sm-1") });
    assert.equal(client.find("established")?.how, "resumed");
    assert.equal(client.find("established")?.h, 5);
    assert.equal(server.find("resumeSm")?.h, 3);
    assert.equal(client.find("established")?.jid, jid);
  });

  test("S8 where it cannot be resumed a new one is bound, and h still says what arrived", () => {
    const { client } = meeting({ client: { ...previous("sm-0"), resource: "balcony" } });
    assert.equal(client.find("smFailed")?.h, 7);
    assert.equal(client.find("established")?.how, "bound");
    assert.equal(client.find("smEnabled")?.id, "sm-1");
  });

  test("where there is none, the stream is as good without", () => {
    const { client } = meeting({ client: previous("sm-1"), host: { streamManagement: false } });
    assert.equal(client.find("established")?.smAsked, false);
    assert.equal(client.find("smEnabled"), undefined);
  });

  test("counting begins with <enable/>: it is sent before the stream is said to be there", () => {
    const { client } = meeting({ client: { sm: { resumable: false } } });
    const enable = client.effects.findIndex((effect) => effect.type === "send" && effect.element.name === "enable");
    assert.equal(client.effects.findIndex((effect) => effect.type === "established") > enable, true);
    assert.equal(client.find("established")?.smAsked, true);
    assert.equal(client.find("smEnabled")?.id, undefined);
  });
});

describe("a client that does not get what it wants", () => {
  test("A31 A22 leaves when a server it knows with TLS has none", () => {
    const pair = meeting({ host: { startTls: "none" } });
    assert.deepEqual(endOf(pair), { type: "failed", failure: { type: "tlsUnavailable" } });
    assert.equal(
      pair.transcript.some((line) => line.includes("<auth")),
      false,
    );
  });

  test("tries no mechanism that is not on its list, and closes [rfc6120-6.3.3-04] [rfc6120-6.4.5-04]", () => {
    const pair = meeting({ client: { sasl: julietSasl({ only: "EXTERNAL" }) } });
    const end = endOf(pair);
    assert(end?.type === "failed" && end.failure.type === "noMechanism");
  });

  test("A31 does not fall back behind the mechanism it used before", () => {
    const weak = {
      ...hostOf("im.example").sasl,
      policy: { ...openPolicy, scramHashes: ["SHA-1"] as const, scramOffered: ["SHA-1"] as const },
    };
    const pair = meeting({
      client: { sasl: julietSasl({ policy: { weakest: "SCRAM-SHA-256-PLUS" } }) },
      host: { sasl: weak },
    });
    const end = endOf(pair);
    assert(end?.type === "failed" && end.failure.type === "noMechanism");
  });

  test("tries the next mechanism, and in the end says why it was refused [rfc6120-6.3.3-03] [rfc6120-6.4.5-03]", () => {
    const pair = meeting({ client: { sasl: julietSasl({ password: "tybalt" }) } });
    const end = endOf(pair);
    assert(end?.type === "failed" && end.failure.type === "authenticationFailed");
    assert.equal(end.failure.condition, "not-authorized");
    const tried = pair.transcript.flatMap((line) => /<auth .*mechanism='([^']+)'/.exec(line)?.[1] ?? []);
    assert.deepEqual(tried, ["SCRAM-SHA-512-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"]);
  });
});
