import { domainOf, withResource, type BareJid } from "#protocol/jid/jid.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import { listEntriesMax } from "#kit/administration-values.ts";
import type { InputOf, OutputOf, ServerAdministration, SessionSummary } from "#kit/administration.ts";
import { userAgentSlot } from "#kit/log-in.ts";
import type { ServerCore } from "./core.ts";
import type { LocalAccount } from "./account/account.ts";
import type { LocalSession } from "./session/session.ts";

type Core = Pick<ServerCore, "hosts" | "registry" | "tokenLogIns">;

/** Who is logged in, which devices may log in without a password, and how to be rid of either. */
export function sessionAdministration(core: Core): Pick<ServerAdministration, "listSessions" | "endSessions"> {
  return {
    listSessions: async ({ address }) => {
      if (address === undefined) return allSessions(core);
      const sessions = await sessionsOf(core, address);
      const list = { sessions: sessions.slice(0, listEntriesMax).map(summary), total: sessions.length };
      return { ...list, devices: await devicesOf(core, address) };
    },
    endSessions: (request) => endSessions(core, request),
  };
}

/** Those of an account, which is woken where it sleeps. */
async function sessionsOf({ hosts, registry }: Core, address: BareJid): Promise<readonly LocalSession[]> {
  const host = hosts.get(domainOf(address));
  const account: LocalAccount | undefined = host && (await registry.wake(host, address));
  return [...(account?.sessions.values() ?? [])];
}

/** Of accounts that sleep it is read what their sessions are; they sleep on. */
async function allSessions({ registry }: Core): Promise<OutputOf<"listSessions">> {
  const sessions = [...registry.sessions()].slice(0, listEntriesMax).map(summary);
  const total = registry.countSessions();
  for (const address of [...registry.sleeping()].slice(0, listEntriesMax - sessions.length)) {
    for (const { resource, boundAt, slots } of await registry.readSleeping(address)) {
      const userAgent = slots[userAgentSlot.label];
      const client = describeClient((userAgent && userAgentSlot.codec?.decode(userAgent)) || {});
      const since = new Date(boundAt).toISOString();
      const jid = withResource(address, resource) ?? address;
      sessions.push({ address: jid, since, state: "resumable", ...(client === undefined ? {} : { client }) });
    }
  }
  return { sessions: sessions.slice(0, listEntriesMax), total };
}

function summary(session: LocalSession): SessionSummary {
  const client = describeClient(session.get(userAgentSlot) ?? {});
  return {
    address: session.jid,
    since: new Date(session.boundAt).toISOString(),
    state: session.connected ? "connected" : "resumable",
    ...session.link?.facts,
    ...(client === undefined ? {} : { client }),
  };
}

async function devicesOf(core: Core, address: BareJid): Promise<OutputOf<"listSessions">["devices"]> {
  // Whose host is gone has no devices any more.
  const devices = core.hosts.has(domainOf(address)) ? await core.tokenLogIns.devices(address) : [];
  return devices.map(({ id, seenAt, expiresAt, ...said }) => {
    const client = describeClient(said);
    const times = { seenAt: new Date(seenAt).toISOString(), expiresAt: new Date(expiresAt).toISOString() };
    return { id, ...times, ...(client === undefined ? {} : { client }) };
  });
}

async function endSessions(
  core: Core,
  { address, resource, device, forget }: InputOf<"endSessions">,
): Promise<OutputOf<"endSessions">> {
  const chosen = (await sessionsOf(core, address)).filter(
    (session) =>
      (resource === undefined || session.resource === resource) &&
      (device === undefined || session.get(userAgentSlot)?.id === device),
  );
  const forgotten = core.hosts.has(domainOf(address))
    ? await forgetTokens(core, { address, resource, device, forget }, chosen)
    : undefined;
  if (chosen.length === 0 && (forgotten ?? 0) === 0)
    throw new AdministrationError(
      "not-found",
      `${address} has no such session${device === undefined ? "" : " or device"}`,
    );
  // Their tokens first, or they would be back.
  for (const session of chosen) session.end("not-authorized", "ended by the administrator");
  return { ended: chosen.length, ...(forgotten === undefined ? {} : { forgotten }) };
}

/** How many devices lost theirs; undefined where nobody asked for that. */
async function forgetTokens(
  core: Core,
  { address, resource, device, forget = false }: InputOf<"endSessions">,
  chosen: readonly LocalSession[],
): Promise<number | undefined> {
  if (device !== undefined) return core.tokenLogIns.revoke(address, device);
  if (!forget) return undefined;
  if (resource === undefined) return core.tokenLogIns.revoke(address, undefined);
  let forgotten = 0;
  for (const session of chosen) {
    const id = session.get(userAgentSlot)?.id;
    if (id !== undefined) forgotten += await core.tokenLogIns.revoke(address, id);
  }
  return forgotten;
}

/** What a client says that it is: `Balcony on a telephone`. */
function describeClient(said: {
  readonly software?: string | undefined;
  readonly device?: string | undefined;
}): string | undefined {
  const parts = [said.software, said.device].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(" on ");
}
