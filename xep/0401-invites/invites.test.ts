import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJid, type DomainJid } from "#protocol/jid/jid.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { openMemoryTable } from "#testing/memory-table.ts";
import { VirtualEnv } from "#testing/scenario/virtual-env.ts";
import { Preauth } from "./elements.ts";
import { Invites, inviteTable, inviteUri, type Invite } from "./invites.ts";

const hourMs = 3_600_000;

async function open(): Promise<{ readonly env: VirtualEnv; readonly at: (domain: string) => Invites }> {
  const env = new VirtualEnv("invites");
  const table = await openMemoryTable(inviteTable);
  return {
    env,
    at: (domain) => new Invites({ env, domain: parseJid(domain) as DomainJid, table: () => table }),
  };
}

function made(invite: Invite | undefined): Invite {
  assert.ok(invite !== undefined);
  return invite;
}

test("an invitation is found by its token, at its host, until it expires", async () => {
  const { env, at } = await open();
  const capulet = at("capulet.example");
  const invite = made(await capulet.create({ validMs: hourMs, usesMax: 1 }));
  assert.equal(invite.token.length, 24);
  assert.deepEqual(await capulet.find(invite.token), invite);
  assert.equal(await capulet.find(`${invite.token}a`), undefined);
  assert.equal(await at("montague.example").find(invite.token), undefined);
  assert.equal(await at("montague.example").revoke(invite.token), false);
  await env.advance(hourMs);
  assert.equal(await capulet.find(invite.token), undefined);
  assert.deepEqual(await capulet.list(), []);
});

test("it is used when what it is for succeeds, and no more often than it may be, however many try at once (A15)", async () => {
  const { at } = await open();
  const invites = at("capulet.example");
  const { token } = made(await invites.create({ validMs: hourMs, usesMax: 2 }));
  assert.deepEqual(await invites.redeem(token, () => Promise.resolve({ ok: false })), {
    ok: true,
    result: { ok: false },
  });
  let ran = 0;
  const tries = Array.from({ length: 5 }, () =>
    invites.redeem(token, () => {
      ran += 1;
      return Promise.resolve({ ok: true });
    }),
  );
  assert.deepEqual(
    (await Promise.all(tries)).map(({ ok }) => ok),
    [true, true, false, false, false],
  );
  assert.equal(ran, 2);
  assert.equal(await invites.find(token), undefined);
});

test("what breaks down while an invitation is redeemed does not use it, nor stand in the way of others", async () => {
  const { at } = await open();
  const invites = at("capulet.example");
  const { token } = made(await invites.create({ validMs: hourMs, usesMax: 1 }));
  await assert.rejects(
    invites.redeem(token, () => Promise.reject(new Error("broken"))),
    /broken/,
  );
  assert.equal((await invites.redeem(token, () => Promise.resolve({ ok: true }))).ok, true);
});

test("one that expired after it was shown is still good; one that was revoked is not", async () => {
  const { env, at } = await open();
  const invites = at("capulet.example");
  const first = made(await invites.create({ validMs: hourMs, usesMax: 1 }));
  await env.advance(2 * hourMs);
  const second = made(await invites.create({ validMs: hourMs, usesMax: 1 }));
  assert.equal((await invites.redeem(first.token, () => Promise.resolve({ ok: true }))).ok, true);
  assert.equal(await invites.revoke(second.token), true);
  assert.equal(await invites.revoke(second.token), false);
  assert.deepEqual(await invites.redeem(second.token, () => assert.fail("revoked")), { ok: false });
});

test("invitations that expired long ago are forgotten", async () => {
  const { env, at } = await open();
  const invites = at("capulet.example");
  const { token } = made(await invites.create({ validMs: hourMs, usesMax: 1 }));
  await env.advance(26 * hourMs);
  await invites.create({ validMs: hourMs, usesMax: 1 });
  assert.equal(await invites.revoke(token), false);
});

test("a name is promised as long as somebody may still take it", async () => {
  const { env, at } = await open();
  const invites = at("capulet.example");
  await invites.create({ account: "juliet", validMs: hourMs, usesMax: 1 });
  assert.equal(await invites.isPromised("juliet"), true);
  assert.equal(await invites.isPromised("nurse"), false);
  assert.equal(await at("montague.example").isPromised("juliet"), false);
  await env.advance(hourMs);
  assert.equal(await invites.isPromised("juliet"), false);
});

test("the link names the account, or the host alone", async () => {
  const { at } = await open();
  const invites = at("capulet.example");
  const open_ = made(await invites.create({ validMs: hourMs, usesMax: 1 }));
  assert.equal(inviteUri(open_), `xmpp:capulet.example?register;preauth=${open_.token}`);
  const named = made(await invites.create({ account: "juliet", validMs: hourMs, usesMax: 1 }));
  assert.equal(inviteUri(named), `xmpp:juliet@capulet.example?register;preauth=${named.token}`);
});

test("the token that a client shows is read", () => {
  assert.deepEqual(Preauth.parse(parseElement("<preauth xmlns='urn:xmpp:pars:0' token='T'/>")), { token: "T" });
  assert.equal(Preauth.build({ token: "T" }).attr("token"), "T");
});
