import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJid, type DomainJid } from "#protocol/jid/jid.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { inviteAdministration } from "./invite-administration.ts";

const capulet = parseJid("capulet.example") as DomainJid;
const montague = parseJid("montague.example") as DomainJid;

function administer(world: World): ReturnType<typeof inviteAdministration> {
  const hosts = [
    { domain: capulet, registration: "invite" as const },
    { domain: montague, registration: "closed" as const },
  ];
  return inviteAdministration({ core: world.core, hosts: () => hosts });
}

async function settled<T>(world: World, promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  await world.settle();
  return promise;
}

test("an invitation is made, listed and revoked", async () => {
  await using world = await startWorld();
  const invites = administer(world);
  const made = await settled(
    world,
    invites.createInvite({ host: capulet, account: "Juliet", validHours: 24, usesMax: 1 }),
  );
  assert.equal(made.uri, `xmpp:juliet@capulet.example?register;preauth=${made.token}`);
  assert.equal(made.expiresAt, "2026-01-02T00:00:00.000Z");
  const { expiresAt, token } = made;
  const listed = { token, host: capulet, account: "juliet", expiresAt, uses: 0, usesMax: 1 };
  assert.deepEqual(await settled(world, invites.listInvites({})), { invites: [listed], total: 1 });
  assert.deepEqual(await settled(world, invites.listInvites({ host: montague })), { invites: [], total: 0 });
  assert.deepEqual(await settled(world, invites.revokeInvite({ token })), { token });
  assert.deepEqual(await settled(world, invites.listInvites({})), { invites: [], total: 0 });
});

const request = { host: capulet, validHours: 1, usesMax: 1 } as const;
const refused: readonly (readonly [
  name: string,
  code: string,
  ask: (invites: ReturnType<typeof inviteAdministration>) => Promise<unknown>,
])[] = [
  [
    "to a host that is not ours",
    "not-found",
    (invites) => invites.createInvite({ ...request, host: parseJid("verona.example") as DomainJid }),
  ],
  [
    "to a host whose registration is closed",
    "not-allowed",
    (invites) => invites.createInvite({ ...request, host: montague }),
  ],
  [
    "for a name that cannot be one (A19)",
    "invalid",
    (invites) => invites.createInvite({ ...request, account: "stra\u00dfe" }),
  ],
  ["for a name that is taken", "exists", (invites) => invites.createInvite({ ...request, account: "nurse" })],
  [
    "for one name and many people",
    "invalid",
    (invites) => invites.createInvite({ ...request, account: "juliet", usesMax: 2 }),
  ],
  ["that does not exist", "not-found", (invites) => invites.revokeInvite({ token: "nothing" })],
];

for (const [name, code, ask] of refused)
  test(`an invitation ${name} is refused: ${code}`, async () => {
    await using world = await startWorld({ accounts: ["nurse@capulet.example"] });
    await assert.rejects(settled(world, ask(administer(world))), (error) => {
      assert.ok(error instanceof AdministrationError);
      assert.equal(error.code, code);
      return true;
    });
  });
