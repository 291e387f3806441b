import { destination, pino, type DestinationStream } from "pino";
import type { LogLevel } from "#kit/administration-values.ts";
import type { Log } from "#kit/log.ts";
import { LogRing } from "./log-ring.ts";
import { prettyLine } from "./log-pretty.ts";
import { withoutSecrets } from "./log-secrets.ts";

export interface LogSettings {
  readonly level: LogLevel;
  readonly format: "auto" | "pretty" | "json";
  /** Undefined for the standard output. */
  readonly file?: string | undefined;
  /** Lines kept in memory. */
  readonly rememberedLinesMax: number;
}

/** The server's log: one line an event, to a file or the standard output, and the latest lines in memory. */
export interface ServerLog extends Disposable {
  readonly log: Log;
  readonly ring: LogRing;
  readonly setLevel: (level: LogLevel) => void;
  /** Opens the file anew, after somebody has moved it away. */
  readonly reopen: () => void;
}

/** @param output where lines go in place of the settings' file or the standard output */
export function openLog(settings: LogSettings, output?: DestinationStream & { readonly isTTY?: boolean }): ServerLog {
  const ring = new LogRing(settings.rememberedLinesMax);
  const file = output === undefined ? openDestination(settings.file) : undefined;
  const sink = output ?? file ?? process.stdout;
  const isTerminal = settings.file === undefined && (output ?? process.stdout).isTTY === true;
  const isPretty = settings.format === "pretty" || (settings.format === "auto" && isTerminal);
  const writer = pino(
    {
      level: settings.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      messageKey: "text",
      // Errors are made plain by withoutSecrets, not by pino.
      serializers: { err: (value: unknown) => value },
      formatters: { level: (level) => ({ level }), log: withoutSecrets },
    },
    {
      write: (line: string): void => {
        ring.add(line);
        sink.write(isPretty ? prettyLine(line, isTerminal) : line);
      },
    },
  );
  return {
    log: {
      debug: (fields, text) => writer.debug(fields, text),
      info: (fields, text) => writer.info(fields, text),
      warn: (fields, text) => writer.warn(fields, text),
      error: (fields, text) => writer.error(fields, text),
    },
    ring,
    setLevel: (level) => {
      writer.level = level;
    },
    reopen: () => {
      // The standard output cannot be opened anew.
      if (settings.file !== undefined) file?.reopen();
    },
    [Symbol.dispose]: () => {
      file?.flushSync();
      if (settings.file !== undefined) file?.end();
    },
  };
}

/** Synchronous: what was logged before a crash is in the log. */
function openDestination(file: string | undefined) {
  return destination({ dest: file ?? 1, sync: true, mkdir: file !== undefined, append: true });
}
