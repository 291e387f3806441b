import type { Log } from "#kit/log.ts";

/** A log for tests that look at something else. */
export const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {}
