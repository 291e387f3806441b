import { offlineCount, offlineMessages } from "#im/messages/slots.ts";
import { hibernatedSessions, owedStanzas } from "#server/session/hibernation.ts";
import type { World } from "./world.ts";

/** The messages of an account's store that are durable, in their order, as they are stored; once all that is due has happened. */
export async function keptMessages(world: World, owner: string): Promise<readonly string[]> {
  await world.settle();
  return world.disk.sortedArchive(offlineMessages.name, owner).map(({ value }) => value);
}

/** How many they are. */
export async function offlineRows(world: World, owner: string): Promise<number> {
  return (await keptMessages(world, owner)).length;
}

/** How many they are, and how many they are said to be. */
export async function rowsAndCount(world: World, owner: string): Promise<readonly [number, number]> {
  const kept = await keptMessages(world, owner);
  const count = world.disk.entries.get(owner)?.get(offlineCount.name)?.get("");
  return [kept.length, count === undefined ? 0 : offlineCount.codec.decode(count).rows];
}

/** What is durable of an account's sessions: how many hibernate, rows of what they owe, and messages in the store. */
export async function storedOfSessions(world: World, owner: string): Promise<readonly [number, number, number]> {
  const kept = await keptMessages(world, owner);
  const sessions = world.disk.entries.get(owner)?.get(hibernatedSessions.name)?.size ?? 0;
  return [sessions, world.disk.sortedArchive(owedStanzas.name, owner).length, kept.length];
}
