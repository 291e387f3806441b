import { accountArchive, accountValue, json } from "#kit/slots.ts";

/** Messages that wait for their recipient, as they were received. */
export const offlineMessages = accountArchive("offline", 1);
/**
 * How many they are, as the batch that wrote it saw it: batches that were under way then may have failed. It is what an
 * account starts from when it wakes; from then on memory knows better, and every log-in that reads the messages counts them.
 */
export const offlineCount = accountValue<number>("offline-count", 1, json());
