import { Readable } from "node:stream";
import type { ServerAdministration } from "#kit/administration.ts";
import type { ExitCode } from "#cli/exit-codes.ts";
import type { Place } from "#cli/place.ts";
import { runProgram, type LocalCommand } from "#cli/program.ts";
import type { Terminal } from "#cli/terminal.ts";
import { defaultConfig } from "#server/config/config.ts";
import { commands } from "#server/control/commands.ts";
import { withFiles, type FilesParts } from "#server/control/with-files.ts";
import { MemoryAdministration } from "./memory-administration.ts";

export interface TypedTerminal {
  readonly terminal: Terminal;
  /** All that was written so far. */
  readonly out: () => string;
  readonly err: () => string;
  /** Each time that echo was switched off (true) or on. */
  readonly raw: readonly boolean[];
}

/** A terminal, or a pipe without `isTTY`, where `input` is typed and nothing is coloured unless `env` says so. */
export function typedTerminal(
  options: {
    readonly input?: string;
    readonly isTTY?: boolean;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): TypedTerminal {
  const { input, isTTY = false, env = { NO_COLOR: "1" } } = options;
  const [out, err]: [string[], string[]] = [[], []];
  const raw: boolean[] = [];
  return {
    terminal: {
      stdin: Object.assign(Readable.from(input === undefined ? [] : [Buffer.from(input)]), {
        isTTY,
        setRawMode: (on: boolean) => raw.push(on),
      }),
      stdout: { isTTY, write: (text: string) => out.push(text) },
      stderr: { isTTY, write: (text: string) => err.push(text) },
      env,
      signal: new AbortController().signal,
    },
    out: () => out.join(""),
    err: () => err.join(""),
    raw,
  };
}

export interface CommandLineParts extends Partial<Pick<FilesParts, "configFile" | "dataDir" | "running">> {
  /** Who is asked. */
  readonly server?: ServerAdministration;
  /** Where the line is typed. */
  readonly directory?: string;
  readonly typed?: Parameters<typeof typedTerminal>[0];
  readonly local?: (terminal: Terminal) => readonly LocalCommand[];
}

export interface CommandLineResult {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
  readonly raw: readonly boolean[];
  readonly places: readonly Place[];
}

/** Runs `balcony LINE` against a server in memory; words are parted by single spaces. */
export async function commandLine(line: string, parts: CommandLineParts = {}): Promise<CommandLineResult> {
  const { server = new MemoryAdministration(), directory = "/", local = () => [] } = parts;
  const { terminal, out, err, raw } = typedTerminal(parts.typed);
  const places: Place[] = [];
  const code = await runProgram(
    line.split(" ").filter((word) => word !== ""),
    {
      name: "balcony",
      version: "1.2.3",
      terminal,
      directory,
      commands,
      local: local(terminal),
      connect: async (place) => {
        places.push(place);
        const { configFile, dataDir = directory, running } = parts;
        const files = { server, configFile, dataDir, config: defaultConfig, features: [], running };
        return { ...withFiles(files), [Symbol.asyncDispose]: async () => {} };
      },
    },
  );
  return { code, out: out(), err: err(), raw, places };
}
