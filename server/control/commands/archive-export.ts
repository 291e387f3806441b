import { open, rename, unlink } from "node:fs/promises";
import { z } from "zod";
import { domainOf, localpartOf, type BareJid } from "#protocol/jid/jid.ts";
import { escapeAttribute } from "#protocol/xml/escape.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { accountAddress, anyAddress, moment } from "#kit/administration-values.ts";
import type { ExportedMessage, ExportedMessages } from "#kit/administration.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import { streamCommand } from "#kit/command.ts";
import { storedXml } from "#kit/stored-xml.ts";
import { archiveResult } from "#xep/0313-archive/elements.ts";
import { count, when } from "../table.ts";

const formats = ["json", "xml", "text"] as const;
type Format = (typeof formats)[number];

/** Something to show: a piece of the export itself, how far it is, or where it is now. */
type Item =
  | { readonly is: "text"; readonly text: string; readonly message: ExportedMessage | undefined }
  | { readonly is: "share"; readonly messages: number; readonly total: number }
  | { readonly is: "file"; readonly file: string; readonly messages: number };

export const archiveExport = streamCommand({
  description:
    "Writes the messages of an account's archive, the oldest first, to the standard output or to a new file. json: one object a line; xml: the format in which XMPP servers exchange accounts (XEP-0227); text: to be read.",
  arguments: {
    address: accountAddress.clone().describe("the account, as name@domain"),
    from: moment.optional().describe("only messages from this date on, such as 2026-01-01 (UTC)"),
    to: moment.optional().describe("only messages from before this date"),
    with: anyAddress.optional().describe("only messages with this address"),
    format: z.enum(formats).default("json").describe("json, xml or text"),
    output: z.string().max(4096).optional().describe("a new file; without it, the standard output"),
  },
  positional: ["address"],
  files: ["output"],
  letters: { output: "o" },
  permission: "administer",
  examples: [
    { line: "archive export juliet@example.org -o juliet.jsonl", does: "everything, one message a line" },
    { line: "archive export juliet@example.org --format xml -o juliet.xml", does: "to be imported elsewhere" },
    {
      line: "archive export juliet@example.org --with romeo@example.org --from 2026-01-01 --format text",
      does: "a conversation, to be read",
    },
  ],
  stream: async function* (administration, { format, output, ...which }, signal): AsyncGenerator<Item> {
    const texts = exported(administration.exportArchive(which, signal), which.address, format);
    if (output === undefined) yield* texts;
    else yield* intoFile(output, texts, signal);
  },
  progress: (item) => {
    if (item.is !== "share") return undefined;
    const share = item.total === 0 ? 100 : Math.min(100, Math.round((item.messages / item.total) * 100));
    return `${item.messages} of ${count(item.total, "message")}, ${share} %`;
  },
  data: (item) => {
    if (item.is === "text") return item.message;
    return item.is === "file" ? { file: item.file, messages: item.messages } : undefined;
  },
  render: (item, style) => {
    if (item.is === "text") return item.text;
    return item.is === "file"
      ? `${style.green("wrote")} ${count(item.messages, "message")} to ${item.file}`
      : undefined;
  },
});

/** Line by line, so that no archive is too large. */
async function* exported(
  pages: AsyncIterable<ExportedMessages>,
  address: BareJid,
  format: Format,
): AsyncGenerator<Item> {
  let messages = 0;
  const { before, behind } = frames(address, format);
  if (before !== undefined) yield { is: "text", text: before, message: undefined };
  for await (const page of pages) {
    for (const message of page.messages) yield { is: "text", text: lineOf(message, format), message };
    messages += page.messages.length;
    yield { is: "share", messages, total: page.total };
  }
  if (behind !== undefined) yield { is: "text", text: behind, message: undefined };
}

/** All or nothing: the file is there once it is whole. */
async function* intoFile(file: string, items: AsyncIterable<Item>, signal: AbortSignal): AsyncGenerator<Item> {
  const partial = `${file}.partial`;
  let messages = 0;
  let isWhole = false;
  try {
    // Holds the name from the beginning; what somebody has put there is not overwritten.
    await (await open(file, "wx", 0o600)).close();
  } catch (cause) {
    const exists = cause instanceof Error && "code" in cause && cause.code === "EEXIST";
    throw new AdministrationError(
      exists ? "exists" : "not-allowed",
      exists ? `${file} exists already` : `cannot write ${file}: ${String(cause)}`,
      { cause },
    );
  }
  try {
    {
      await using handle = await open(partial, "w", 0o600);
      let page = "";
      for await (const item of items) {
        if (item.is === "text") {
          page += `${item.text}\n`;
          if (item.message !== undefined) messages += 1;
          continue;
        }
        await handle.appendFile(page);
        page = "";
        yield item;
      }
      await handle.appendFile(page);
      await handle.sync();
    }
    if (signal.aborted) throw new AdministrationError("unavailable", "interrupted; nothing was written");
    await rename(partial, file);
    isWhole = true;
  } finally {
    if (!isWhole) for (const left of [partial, file]) await unlink(left).catch(() => {});
  }
  yield { is: "file", file, messages };
}

function frames(address: BareJid, format: Format): { readonly before?: string; readonly behind?: string } {
  if (format !== "xml") return {};
  const host = escapeAttribute(domainOf(address));
  const user = escapeAttribute(localpartOf(address) ?? "");
  return {
    before:
      "<?xml version='1.0' encoding='UTF-8'?>\n<server-data xmlns='urn:xmpp:pie:0'>\n" +
      `<host jid='${host}'>\n<user name='${user}'>\n<archive xmlns='urn:xmpp:pie:0#mam'>`,
    behind: "</archive>\n</user>\n</host>\n</server-data>",
  };
}

function lineOf(message: ExportedMessage, format: Format): string {
  const { id, at, with: peer, xml } = message;
  if (format === "json") return JSON.stringify(message);
  const stored = storedXml.decode(xml);
  if (format === "xml") return serialize(archiveResult({ id, at: Date.parse(at), message: stored }, undefined), "");
  const body = stored.elements().find(({ name, ns }) => name === "body" && ns === stored.ns)?.text;
  return `${when(at)}  ${stored.attr("from") ?? peer}: ${body ?? "(no text)"}`;
}
