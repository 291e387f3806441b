import { z } from "zod";
import type { LogLine } from "#kit/administration.ts";
import { logLevel } from "#kit/administration-values.ts";

const line = z.looseObject({ time: z.string(), level: logLevel, text: z.string() });

/** A line of the log as data. Lines are kept as text, which costs less as long as nobody asks. */
export function parseLogLine(json: string): LogLine {
  const { time, level, text, ...fields } = line.parse(JSON.parse(json));
  return { time, level, text, fields };
}
