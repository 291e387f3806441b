import { domain } from "#protocol/stream/testing/server.ts";
import type { SecureChannel } from "#protocol/stream/secure-channel.ts";
import { unboundChannel } from "#protocol/stream/secure-channel.ts";
import { startInitiatingServer, startReceivingServer } from "#protocol/stream/servers/receive.ts";
import type { ServerErrand, ServerHost } from "#protocol/stream/servers/server-config.ts";
import type { ServerEffect } from "#protocol/stream/servers/server-effect.ts";
import type { ServerInput } from "#protocol/stream/servers/server-input.ts";
import type { ServerStreamState } from "#protocol/stream/servers/server-state.ts";
import type { ServerStep } from "#protocol/stream/servers/server-step.ts";
import { ServerWalk } from "#protocol/stream/servers/testing/server-walk.ts";
import { errandOf, hostOf, sideOf } from "#protocol/stream/servers/testing/sides.ts";
import { isDomain, parseJid } from "#protocol/jid/jid.ts";
import { StreamError } from "#protocol/stream/stream-error.ts";
import { XmlError } from "#protocol/xml/fault.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { looseTextOf } from "../engine/byte-strings.ts";
import { lineMutations } from "../engine/mutate-lines.ts";
import { xmlMutations } from "../engine/mutate-xml.ts";
import { fuzzTarget } from "../engine/target.ts";
import { serverStreamLines, serverStreamScripts } from "../server-stream-inputs.ts";

const linesMax = 80;
const montague = "montague.example";
const capulet = "capulet.example";

export const target = fuzzTarget({
  summary:
    "whatever happens between servers, effects are legal, and no pair is authorized without a proof or an answer",
  bytesMax: 4_096,
  roundExecutions: 250_000,
  words: serverStreamLines,
  seeds: serverStreamScripts,
  mutations: [...lineMutations, ...lineMutations, ...xmlMutations.slice(0, 6)],
  run: (input) => {
    const [head = "", ...lines] = looseTextOf(input).toWellFormed().split("\n").slice(0, linesMax);
    const first = startOf(head);
    const walk = new ServerWalk(first);
    const questions = first.effects.filter(isQuestion);
    let readerEnded = false;
    for (const line of lines) {
      const next = inputOf(line, questions);
      // Behind the closing tag, and behind what it refused, the reader says nothing more.
      if (readerEnded && readerInputs.has(next.type)) continue;
      readerEnded ||= next.type === "closed" || next.type === "fault";
      for (const effect of walk.take(next)) {
        if (isQuestion(effect)) questions.push(effect);
        // What is sent can be read.
        if (effect.type === "send") parseElement(serialize(effect.element));
      }
    }
  },
});

const readerInputs: ReadonlySet<ServerInput["type"]> = new Set(["opened", "element", "closed", "fault"] as const);

function isQuestion({ type }: ServerEffect): boolean {
  return (
    type === "checkPeer" ||
    type === "verifyKey" ||
    type === "enableSm" ||
    type === "resumeSm" ||
    type === "startTls" ||
    type === "peerClosed"
  );
}

function startOf(head: string): ServerStep<ServerStreamState> {
  const security = (["certificate", "dialback", "plain"] as const).find((word) => head.includes(word)) ?? "dialback";
  const channel: SecureChannel | undefined = head.includes("direct") ? unboundChannel : undefined;
  const more: Partial<ServerHost> = {
    security,
    bidirectional: head.includes("bidi"),
    streamManagement: head.includes("sm"),
  };
  const limits = { pairsMax: 5, openVerificationsMax: 3, askedMax: 3 };
  if (!head.includes("peer")) {
    const hosts = [hostOf(montague, more), hostOf("chat.montague.example", more)] as const;
    return startReceivingServer(sideOf(hosts, { limits }), channel);
  }
  const pairs = [{ local: domain("rooms.capulet.example"), remote: domain(montague), ways: "out" }] as const;
  const errand: Partial<ServerErrand> = {
    authorize: !head.includes("asker"),
    ...(head.includes("sm") ? { sm: { resumable: true, previous: { id: "a", h: 1, pairs } } } : {}),
  };
  const hosts = [hostOf(capulet, more), hostOf("rooms.capulet.example", more)] as const;
  return startInitiatingServer(sideOf(hosts, { limits }), errandOf(capulet, montague, errand), channel);
}

/** What a line stands for: an element, a word, or `?` for the good answer to what was asked first. */
function inputOf(line: string, questions: ServerEffect[]): ServerInput {
  if (line.startsWith("<stream:stream")) return openedOf(line);
  if (line.startsWith("<")) return elementOf(line);
  const fixed = words[line];
  if (fixed !== undefined) return fixed;
  const [word = "", local = "", remote = "", id = ""] = line.split(" ");
  if (word === "order" || word === "ask") return orderOf(word, local, remote, id);
  return answerTo(questions.shift(), word);
}

function orderOf(word: "order" | "ask", local: string, remote: string, id: string): ServerInput {
  const [here, there] = [parseJid(local), parseJid(remote)];
  if (here === undefined || there === undefined || !isDomain(here) || !isDomain(there)) return { type: "keepAlive" };
  // An id has been read from somebody's XML, so it can be written.
  if (!/^[ -~]*$/u.test(id)) return { type: "keepAlive" };
  const pair = { local: here, remote: there };
  return word === "order" ? { type: "authorizePair", ...pair } : { type: "verify", ...pair, id, key: "k" };
}

function openedOf(line: string): ServerInput {
  const read = elementOf(line.endsWith("/>") ? line : `${line.replace(/>$/u, "")}/>`);
  return read.type === "element" ? { type: "opened", header: read.element } : read;
}

function elementOf(text: string): ServerInput {
  try {
    return { type: "element", element: parseElement(text) };
  } catch (error) {
    if (error instanceof XmlError) return { type: "fault", fault: error.fault };
    throw error;
  }
}

function answerTo(question: ServerEffect | undefined, word: string): ServerInput {
  switch (question?.type) {
    case "checkPeer": {
      const { local, remote } = question;
      if (word === "?") return { type: "peerChecked", local, remote, trusted: true };
      const verdict = { trusted: false, reason: "self-signed" } as const;
      if (word === "forbid") return { type: "peerChecked", local, remote, ...verdict, forbidden: true };
      return { type: "peerChecked", local, remote, ...verdict };
    }
    case "verifyKey": {
      const { id, local, remote } = question;
      const asked = { type: "keyVerified", local, remote, id } as const;
      if (word === "?") return { ...asked, outcome: { type: "valid" } };
      if (word === "invalid") return { ...asked, outcome: { type: "invalid" } };
      return { ...asked, outcome: { type: "error", condition: "remote-connection-failed" } };
    }
    case "enableSm":
      if (word === "lost") return { type: "smFailed", condition: "internal-server-error" };
      return { type: "smEnabled", resumption: { id: "sm-1", secondsMax: 300 } };
    case "resumeSm":
      if (word === "lost") return { type: "smFailed", condition: "item-not-found", h: 3 };
      return {
        type: "smResumed",
        h: 5,
        pairs: [{ local: domain(montague), remote: domain("rooms.capulet.example"), ways: "in" }],
      };
    case "startTls":
      return { type: "secured", channel: unboundChannel };
    case "peerClosed":
      return { type: "close" };
    default:
      return { type: "keepAlive" };
  }
}

const words: Readonly<Record<string, ServerInput>> = {
  closed: { type: "closed" },
  fault: { type: "fault", fault: { condition: "not-well-formed", text: "" } },
  secured: { type: "secured", channel: unboundChannel },
  disconnected: { type: "disconnected" },
  close: { type: "close" },
  shutdown: { type: "close", error: new StreamError("system-shutdown") },
  negotiationTimeout: { type: "timeout", timer: "negotiation" },
  closingTimeout: { type: "timeout", timer: "closing" },
};
