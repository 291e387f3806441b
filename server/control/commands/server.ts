import { z } from "zod";
import { logLevel } from "#kit/administration-values.ts";
import { onceCommand, streamCommand } from "#kit/command.ts";
import type { Style } from "#kit/style.ts";
import type { ReloadReport } from "#kit/administration.ts";
import { tomlDocument } from "../../config/toml-value.ts";
import { prettyFields } from "../../log-pretty.ts";

export const configShow = onceCommand({
  description: "Prints all settings as they would be written in balcony.toml. Passwords in it are left out.",
  arguments: {},
  permission: "observe",
  examples: [{ line: "config show --json", does: "for a program" }],
  run: (administration) => administration.showConfig({}),
  render: ({ file, config }, style) =>
    `${style.dim(`# ${file ?? "no balcony.toml: all by default"}`)}\n${tomlDocument(config)}`,
});

export const configReload = onceCommand({
  description:
    "Takes over what can change while the server runs and says what waits for a restart. Connections stay. SIGHUP does the same. When the file is wrong, nothing changes.",
  arguments: {},
  permission: "administer",
  examples: [{ line: "config reload", does: "after an edit, or a renewed certificate" }],
  run: (administration) => administration.reloadConfig({}),
  failure: ({ problems }) => (problems.length === 0 ? undefined : "not all was taken over"),
  render: reloadText,
});

export const backup = streamCommand({
  description: "Writes a copy that is consistent in itself to a new file. An existing file is not overwritten.",
  arguments: { file: z.string().max(4096).describe("the new file") },
  positional: ["file"],
  files: ["file"],
  permission: "administer",
  examples: [{ line: "backup /var/backups/balcony-$(date +%F).sqlite", does: "one copy a day" }],
  stream: (administration, args, signal) => administration.backup(args, signal),
  render: ({ done, fraction, bytes }, style) => {
    if (done) return `${style.green("done")}${bytes === undefined ? "" : `, ${bytes} bytes`}`;
    return fraction === undefined ? undefined : style.dim(`${Math.round(fraction * 100)} %`);
  },
});

export const logTail = streamCommand({
  description: "Shows lines that the server keeps in memory, wherever its log is written to.",
  arguments: {
    lines: z.int().min(0).max(10_000).default(50).describe("how many"),
    level: logLevel.default("debug").describe("the least important lines to show"),
    follow: z.boolean().default(false).describe("goes on with every new line"),
  },
  letters: { lines: "n", follow: "f" },
  permission: "observe",
  examples: [
    { line: "log tail -f", does: "until Ctrl-C" },
    { line: "log tail --lines 200 --level warn", does: "what went wrong lately" },
  ],
  stream: (administration, args, signal) => administration.tailLog(args, signal),
  render: ({ time, level, text, fields, missed }, style) => {
    const gap = missed === undefined ? "" : `${style.yellow(`(${missed} lines missed)`)}\n`;
    return `${gap}${style.dim(time)} ${levelText(level, style)} ${prettyFields(text, fields)}`;
  },
});

export function reloadText(report: ReloadReport, style: Style): string {
  const lines = [
    ...report.certificates.map((domain) => `new certificate: ${domain}`),
    ...report.changed.map((key) => `changed: ${key}`),
    ...report.hosts.added.map((domain) => `host added: ${domain}`),
    ...report.hosts.removed.map((domain) => `host removed: ${domain}`),
    ...report.restartNeeded.map((key) => style.yellow(`waits for a restart: ${key}`)),
    ...report.problems.map((problem) => style.red(`not taken over: ${problem}`)),
  ];
  return lines.length === 0 ? "reloaded; nothing has changed" : lines.join("\n");
}

function levelText(level: string, style: Style): string {
  const text = level.toUpperCase().padEnd(5);
  if (level === "error") return style.red(text);
  return level === "warn" ? style.yellow(text) : text;
}
