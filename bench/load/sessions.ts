import { type Goal, LoadClient } from "./client.ts";

const openingMax = 50;

/** Runs a task for each number up to `count`, at most 50 at a time, in their order. */
export async function inParallel(count: number, task: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: Math.min(openingMax, count) }, worker));
}

/** Makes accounts user0, user1, … where the mechanism needs any. The floor takes everybody. */
export async function makeAccounts(goal: Goal, from: number, count: number): Promise<void> {
  if (goal.mechanism === "ANONYMOUS") return;
  await inParallel(count, async (index) => {
    const client = await LoadClient.connect(goal);
    await client.register(`user${from + index}`);
    await client.end();
  });
}

/** Logs sessions of user`from`… in, each of an account of its own. */
export async function openSessions(goal: Goal, from: number, count: number): Promise<readonly LoadClient[]> {
  const clients: LoadClient[] = [];
  await inParallel(count, async (index) => {
    clients[index] = await LoadClient.online(goal, `user${from + index}`);
  });
  return clients;
}
