import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SaslClientPolicy } from "#protocol/sasl/choose-mechanism.ts";
import { htTokenCharactersMin, keyOfToken } from "#protocol/sasl/ht-token.ts";
import { mechanisms as allMechanisms } from "#protocol/sasl/mechanism.ts";
import type { StoredCredentials } from "#protocol/sasl/stored-credentials.ts";
import { parseElement } from "#protocol/xml/read.ts";
import type { ClientSasl2, InitiatingConfig } from "./initiating/config.ts";
import type { StreamHost } from "./receiving/config.ts";
import type { SecureChannel } from "./secure-channel.ts";
import type { StreamEnd } from "./stream-end.ts";
import type { QuestionEffect } from "./stream-effect.ts";
import type { StreamInput } from "./stream-input.ts";
import { clientAnswers, julietSasl, julietsClient, tls } from "./testing/client.ts";
import { meet, type Pair } from "./testing/pair.ts";
import { full, hostOf, julietCredentials, serverAnswers, serverOf } from "./testing/server.ts";

const juliet = julietCredentials();
const sha1 = juliet.scram["SHA-1"];
assert.ok(sha1 !== undefined);
/** An account of the time when there was nothing else. */
const old: StoredCredentials = { scram: { "SHA-1": sha1 } };
const jid = full("juliet@im.example/balcony");
const id = "d4565fa7-4d72-4749-b3d3-740edbf87770";
const userAgent = { id, software: "Balcony", device: undefined };
const carbons = {
  announced: "urn:xmpp:carbons:2",
  element: parseElement("<enable xmlns='urn:xmpp:carbons:2'/>"),
};
const token = "t".repeat(htTokenCharactersMin);
const ht = "HT-SHA-256-EXPR";
const issued = { token: "n".repeat(htTokenCharactersMin), expiry: "2030-01-01T00:00:00Z" };
const all = { bind2: [carbons.announced], tokens: true, upgrades: true };

interface Options {
  readonly client?: Partial<InitiatingConfig>;
  readonly sasl2?: ClientSasl2;
  readonly host?: Partial<StreamHost>;
  readonly credentials?: StoredCredentials;
  readonly channel?: SecureChannel;
  /** Who knows nothing of SASL2. */
  readonly unable?: "client" | "server";
  /** What the server's token is; absent: none. */
  readonly held?: string;
}

function together(options: Options = {}): Pair & { readonly asked: readonly QuestionEffect[] } {
  const asked: QuestionEffect[] = [];
  const others = serverAnswers(options.credentials ?? juliet);
  const held = options.held;
  const answers = (question: QuestionEffect): StreamInput | undefined => {
    asked.push(question);
    switch (question.type) {
      case "lookupTokens": {
        const known = held !== undefined && question.username === "juliet" && question.device === id;
        return {
          type: "tokens",
          found: known ? [{ mechanism: ht, key: keyOfToken("SHA-256", held), expired: false }] : [],
        };
      }
      case "issueToken":
        return { type: "tokenIssued", issued };
      case "keepCredentials":
        return { type: "credentialsKept" };
      default:
        return others(question);
    }
  };
  const pair = meet({
    client: julietsClient({
      ...(options.unable === "client" ? {} : { sasl2: { userAgent, ...options.sasl2 } }),
      ...options.client,
    }),
    server: serverOf(
      hostOf("im.example", {
        startTls: "required",
        ...(options.unable === "server" ? {} : { sasl2: all }),
        ...options.host,
      }),
    ),
    clientAnswers,
    serverAnswers: answers,
    transport: "tls",
    channel: options.channel ?? tls,
  });
  return { ...pair, asked };
}

function endOf(pair: Pair): StreamEnd | undefined {
  pair.client.input({ type: "timeout", timer: "closing" });
  return pair.client.find("ended")?.end;
}

const bind2 = { bind2: { tag: "Balcony", features: [carbons] } };
const resumable = { sm: { resumable: true } };
const previous = (name: string) => ({ sm: { resumable: true, previous: { id: name, jid, h: 3 } } });
/** What went from one end to the other in one piece. */
const trips = (pair: Pair): number => {
  const ends = pair.transcript.map((line) => line[0]);
  return ends.filter((end, index) => end === "C" && ends[index - 1] !== "C").length;
};

function credentialsOf(mechanism: string): Partial<SaslClientPolicy> {
  if (mechanism === "EXTERNAL") return { credentials: "certificate" };
  return mechanism === "ANONYMOUS" ? { credentials: "anonymous", weakest: "ANONYMOUS" } : {};
}

describe("a client and a server by SASL2", () => {
  const certified: SecureChannel = { ...tls, certificate: [{ address: "juliet@im.example", username: "juliet" }] };
  for (const mechanism of allMechanisms)
    test(`meet with ${mechanism}, bind and enable all in one [xep0386-3.2-10] [xep0388-2.5-02] [xep0388-2.6.1-01] [xep0388-4.1-01]`, () => {
      const policy = credentialsOf(mechanism);
      const client = { sasl: julietSasl({ only: mechanism, policy }), ...resumable };
      const pair = together({ client, sasl2: bind2, channel: mechanism === "EXTERNAL" ? certified : tls });
      assert.equal(pair.client.state.phase, "connected", pair.transcript.join("\n"));
      assert.equal(pair.server.state.phase, "bound");
      const established = pair.client.find("established");
      assert.equal(established?.jid, pair.server.find("established")?.jid);
      assert.equal(established?.bound?.name, "bound");
      assert.equal(established.smAsked, true);
      assert.equal(pair.client.find("smEnabled")?.id, "sm-1");
      assert.equal(pair.server.find("bindResource")?.bind2?.tag, "Balcony");
      assert.equal(pair.server.find("bindResource")?.bind2?.userAgent?.id, id);
      // One stream: nothing was opened twice.
      assert.equal(pair.client.effects.filter(({ type }) => type === "sendHeader").length, 1);
    });

  test("need one header and one request when the password is sent at once", () => {
    const pair = together({ client: { sasl: julietSasl({ only: "PLAIN" }), ...resumable }, sasl2: bind2 });
    assert.equal(trips(pair), 2);
  });

  test("keep to the old profile where one of them does not know SASL2", () => {
    for (const unable of ["client", "server"] as const) {
      const pair = together({ client: resumable, unable });
      assert.equal(pair.client.state.phase, "connected");
      assert.doesNotMatch(pair.transcript.filter((line) => line.startsWith("C")).join(""), /sasl:2/);
      assert.equal(pair.server.find("authorize")?.mechanism, "SCRAM-SHA-512-PLUS");
    }
  });

  test("bind as ever where there is no Bind 2", () => {
    const pair = together({
      client: { ...resumable, resource: "balcony" },
      sasl2: bind2,
      host: { sasl2: { tokens: false, upgrades: false } },
    });
    assert.equal(pair.client.find("established")?.jid, jid);
    assert.equal(pair.client.find("smEnabled")?.id, "sm-1");
  });

  test("ask only for what is offered", () => {
    const pair = together({ client: resumable, sasl2: bind2, host: { sasl2: { ...all, bind2: [] } } });
    const element = pair.server.find("bindResource")?.bind2?.element;
    assert.equal(element?.child("urn:xmpp:carbons:2", "enable"), undefined);
    assert.notEqual(element?.child("urn:xmpp:sm:3", "enable"), undefined);
  });

  test("take up the former stream, and bind nothing [xep0198-9.2-01] [xep0198-9.2-02] [xep0198-9.2-03]", () => {
    const pair = together({ client: previous("sm-1"), sasl2: bind2 });
    assert.deepEqual(pair.client.find("established"), {
      type: "established",
      jid,
      how: "resumed",
      language: "en",
      h: 5,
    });
    assert.equal(pair.server.find("resumeSm")?.h, 3);
    assert.equal(pair.server.find("bindResource"), undefined);
  });

  test("bind when the former stream is lost, whose last count is told [xep0198-9.2.1-01]", () => {
    const pair = together({ client: previous("sm-0"), sasl2: bind2 });
    assert.deepEqual(pair.client.find("smFailed"), { type: "smFailed", condition: "item-not-found", h: 7 });
    assert.equal(pair.client.find("established")?.how, "bound");
    assert.equal(pair.client.find("smEnabled")?.id, "sm-1");
  });

  test("do not try twice to resume where binding comes after", () => {
    const pair = together({ client: { ...previous("sm-0"), resource: "balcony" } });
    assert.equal(pair.client.find("established")?.how, "bound");
    assert.equal(pair.asked.filter(({ type }) => type === "resumeSm").length, 1);
  });

  test("part when the password is wrong", () => {
    const pair = together({ client: { sasl: julietSasl({ password: "tybalt", only: "SCRAM-SHA-256-PLUS" }) } });
    assert.deepEqual(endOf(pair), {
      type: "failed",
      failure: {
        type: "authenticationFailed",
        mechanism: "SCRAM-SHA-256-PLUS",
        condition: "not-authorized",
        text: undefined,
      },
    });
  });
});

describe("a token", () => {
  const wish = { ...bind2, tokenFor: (offered: readonly string[]) => offered.find((name) => name === ht) };

  test("is asked for with the password, and received [xep0484-3.2-02] [xep0484-3.2-03]", () => {
    const pair = together({ sasl2: wish });
    assert.deepEqual(pair.client.find("tokenReceived"), { type: "tokenReceived", mechanism: ht, ...issued });
    assert.equal(pair.server.find("issueToken")?.mechanism, ht);
    assert.equal(pair.client.find("established")?.how, "bound");
  });

  test("resumes in one round trip after the header, which says who it is [xep0484-3.4-01] [xep0484-4.1-02]", () => {
    const sasl = julietSasl({ token: { mechanism: ht, token, count: 7 } });
    const pair = together({ client: { sasl, ...previous("sm-1") }, sasl2: bind2, held: token });
    assert.equal(pair.client.find("established")?.how, "resumed", pair.transcript.join("\n"));
    assert.equal(trips(pair), 2);
    assert.equal(pair.client.find("sendHeader")?.header.from, "juliet@im.example");
    const presented = pair.server.find("authorize")?.token;
    assert.deepEqual(presented, {
      count: 7,
      invalidate: false,
      device: id,
      key: keyOfToken("SHA-256", token),
    });
  });

  test("that was replaced comes with its own mechanism [xep0484-3.5-01]", () => {
    const sasl = julietSasl({ token: { mechanism: ht, token } });
    const pair = together({ client: { sasl }, sasl2: bind2, held: token });
    assert.equal(pair.server.find("issueToken")?.mechanism, undefined);
    assert.equal(pair.client.find("tokenReceived")?.mechanism, ht);
  });

  test("that is good no more leads to the password [xep0484-4.1-04]", () => {
    const sasl = julietSasl({ token: { mechanism: ht, token: `${token}x` } });
    const pair = together({ client: { sasl }, sasl2: wish, held: token });
    assert.equal(pair.client.find("established")?.how, "bound");
    assert.equal(pair.server.find("authorize")?.mechanism, "SCRAM-SHA-512-PLUS");
    assert.equal(pair.client.find("tokenReceived")?.token, issued.token);
  });

  test("from an impostor is none: a server that cannot prove it knows ours is left", () => {
    const sasl = julietSasl({ token: { mechanism: ht, token } });
    const { client } = together({ client: { sasl }, sasl2: bind2, host: { sasl2: { ...all, tokens: false } } });
    // Not offered, so not shown.
    assert.equal(client.find("established")?.how, "bound");
  });
});

describe("keys that an account lacks", () => {
  const upgrade = { ...bind2, upgradeWith: "r0m30" };

  test("are made by the client, one hash after the other [xep0388-2.6.3-01] [xep0388-2.6.3-02] [xep0388-2.6.3-03] [xep0388-2.6.3-06] [xep0480-2.2-01]", () => {
    const client = { sasl: julietSasl({ only: "SCRAM-SHA-1-PLUS" }), ...resumable };
    const pair = together({ client, sasl2: upgrade, credentials: old });
    assert.equal(pair.client.find("established")?.how, "bound", pair.transcript.join("\n"));
    const kept = pair.asked.flatMap((question) => (question.type === "keepCredentials" ? [question.renewal] : []));
    assert.deepEqual(
      kept.map(({ to }) => Object.keys(to.scram)),
      [
        ["SHA-1", "SHA-512"],
        ["SHA-1", "SHA-512", "SHA-256"],
      ],
    );
    assert.equal(kept[0]?.from, old);
    assert.equal(kept[1]?.from, kept[0].to);
  });

  test("are what the password would have made, which itself does not travel [xep0480-2.1-02] [xep0480-3-02]", () => {
    const client = { sasl: julietSasl({ only: "SCRAM-SHA-1-PLUS" }) };
    const pair = together({ client, sasl2: upgrade, credentials: old });
    const kept = pair.asked.findLast((question) => question.type === "keepCredentials")?.renewal.to;
    assert.ok(kept !== undefined);
    for (const piece of pair.client.sent)
      for (const form of ["r0m30", btoa("r0m30"), "cjBtMz"]) assert.equal(piece.includes(form), false);
    const again = together({ client: { sasl: julietSasl({ only: "SCRAM-SHA-512-PLUS" }) }, credentials: kept });
    assert.equal(again.server.find("authorize")?.mechanism, "SCRAM-SHA-512-PLUS");
  });

  test("are not offered to be made by who does not have the password at hand, or did not prove it by SCRAM", () => {
    for (const [only, sasl2] of [
      ["SCRAM-SHA-1-PLUS", bind2],
      ["PLAIN", upgrade],
    ] as const) {
      const pair = together({ client: { sasl: julietSasl({ only }) }, sasl2, credentials: old });
      assert.equal(pair.client.find("established")?.how, "bound");
      assert.equal(
        pair.asked.some(({ type }) => type === "keepCredentials"),
        false,
      );
    }
  });
});
