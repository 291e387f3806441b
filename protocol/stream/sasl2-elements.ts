import { decodeBase64, encodeBase64, saslMessageBytesMax } from "#protocol/sasl/sasl-base64.ts";
import type { SaslCondition } from "#protocol/sasl/sasl-condition.ts";
import { type XmlElement, xml } from "#protocol/xml/element.ts";
import { NS_BIND2, NS_FAST, NS_SASL, NS_SASL2, NS_SM, NS_UPGRADE } from "#protocol/xml/namespaces.ts";
import { buildUserAgent, readUserAgent, type UserAgent } from "./user-agent.ts";

/** Child elements of one `<authenticate/>`, those that nobody here knows among them. */
export const inlineElementsMax = 32;

/** All that a client says in `<authenticate/>` beside what its mechanism says. XEP-0388 §2.3 */
export interface InlineRequest {
  readonly userAgent: UserAgent | undefined;
  /** `<resume/>` of XEP-0198 §9.2, not read yet. */
  readonly resume: XmlElement | undefined;
  /** `<bind/>` of XEP-0386, not read yet. */
  readonly bind: XmlElement | undefined;
  /** The mechanism works with a token. XEP-0484 §3.4 */
  readonly token: TokenUse | undefined;
  /** A token is wanted, for this mechanism. XEP-0484 §3.2 */
  readonly tokenFor: string | undefined;
  /** Tasks that the client is ready for, as they are named. XEP-0480 §2.2 */
  readonly upgrades: readonly string[];
}

/** What `<fast/>` says of the token that is presented. */
export interface TokenUse {
  /** Grows with each use, so that no use can be repeated by who overheard it. */
  readonly count: number | undefined;
  readonly invalidate: boolean;
}

/** What the initiating entity says. */
export type Sasl2Request =
  | {
      readonly type: "authenticate";
      readonly mechanism: string;
      readonly initial: Uint8Array | undefined;
      readonly inline: InlineRequest;
    }
  | { readonly type: "response"; readonly data: Uint8Array }
  | { readonly type: "abort" }
  | { readonly type: "next"; readonly task: string }
  | { readonly type: "taskData"; readonly element: XmlElement }
  | { readonly type: "broken"; readonly condition: "incorrect-encoding" | "invalid-mechanism" | "malformed-request" };

type Broken = Extract<Sasl2Request, { type: "broken" }>;

/** Reads an element in the namespace of SASL2, in the receiving role. */
export function readSasl2Request(element: XmlElement): Sasl2Request {
  switch (element.name) {
    case "authenticate":
      return readAuthenticate(element);
    case "response": {
      const data = readSaslData(element);
      return data instanceof Uint8Array ? { type: "response", data } : data;
    }
    case "abort":
      return { type: "abort" };
    case "next":
      return { type: "next", task: element.attr("task") ?? "" };
    case "task-data":
      return { type: "taskData", element };
    default:
      return malformed;
  }
}

const malformed: Broken = { type: "broken", condition: "malformed-request" };

function readAuthenticate(element: XmlElement): Sasl2Request {
  const mechanism = element.attr("mechanism");
  if (mechanism === undefined || mechanism === "") return { type: "broken", condition: "invalid-mechanism" };
  const inline = readInline(element);
  if (inline === undefined) return malformed;
  const initial = element.child(NS_SASL2, "initial-response");
  const data = initial === undefined ? undefined : readSaslData(initial);
  if (data !== undefined && !(data instanceof Uint8Array)) return data;
  return { type: "authenticate", mechanism, initial: data, inline };
}

/** `undefined` when one thing is said twice, too much is said, or what is said has no meaning. */
function readInline(element: XmlElement): InlineRequest | undefined {
  const children = element.elements();
  if (children.length > inlineElementsMax) return undefined;
  const upgrades: string[] = [];
  const found = new Map<string, XmlElement>();
  for (const child of children) {
    if (child.ns === NS_UPGRADE && child.name === "upgrade") {
      upgrades.push(child.text);
      continue;
    }
    const key = `${child.ns} ${child.name}`;
    if (found.has(key)) return undefined;
    found.set(key, child);
  }
  const agent = found.get(`${NS_SASL2} user-agent`);
  const userAgent = agent === undefined ? undefined : readUserAgent(agent);
  const fast = found.get(`${NS_FAST} fast`);
  const token = fast === undefined ? undefined : readTokenUse(fast);
  if (userAgent === "malformed" || token === "malformed") return undefined;
  return {
    userAgent,
    resume: found.get(`${NS_SM} resume`),
    bind: found.get(`${NS_BIND2} bind`),
    token,
    tokenFor: found.get(`${NS_FAST} request-token`)?.attr("mechanism"),
    upgrades,
  };
}

function readTokenUse(fast: XmlElement): TokenUse | "malformed" {
  const count = fast.attr("count");
  if (count !== undefined && !/^[0-9]{1,10}$/.test(count)) return "malformed";
  const invalidate = fast.attr("invalidate");
  return {
    count: count === undefined ? undefined : Number(count),
    invalidate: invalidate === "true" || invalidate === "1",
  };
}

/**
 * Base64 in an element: none of it means no bytes, there is no `=` for that. The XEP's own examples have white space
 * around it, so that is forgiven. [xep0388-2.2-01]
 */
export function readSaslData(element: XmlElement): Uint8Array | Broken {
  if (element.firstElement !== undefined) return malformed;
  const text = element.text.trim();
  if (text.length > Math.ceil(saslMessageBytesMax / 3) * 4) return malformed;
  return decodeBase64(text) ?? { type: "broken", condition: "incorrect-encoding" };
}

/** What the receiving entity says. */
export type Sasl2Reply =
  | { readonly type: "challenge"; readonly data: Uint8Array }
  | { readonly type: "success"; readonly data: Uint8Array | undefined; readonly element: XmlElement }
  | { readonly type: "continue"; readonly data: Uint8Array | undefined; readonly tasks: readonly string[] }
  | { readonly type: "taskData"; readonly element: XmlElement }
  | { readonly type: "failure"; readonly condition: string; readonly text: string | undefined }
  | { readonly type: "broken"; readonly text: string };

/** Reads an element in the namespace of SASL2, in the initiating role. */
export function readSasl2Reply(element: XmlElement): Sasl2Reply {
  switch (element.name) {
    case "challenge": {
      const data = readSaslData(element);
      return data instanceof Uint8Array ? { type: "challenge", data } : notBase64(element.name);
    }
    case "success":
    case "continue": {
      const additional = element.child(NS_SASL2, "additional-data");
      const data = additional === undefined ? undefined : readSaslData(additional);
      if (data !== undefined && !(data instanceof Uint8Array)) return notBase64(element.name);
      if (element.name === "success") return { type: "success", data, element };
      return { type: "continue", data, tasks: readTasks(element) };
    }
    case "task-data":
      return { type: "taskData", element };
    case "failure": {
      // One that is missing means not-authorized; one that nobody knows ends the attempt just the same.
      const condition = element.elements().find((child) => child.ns === NS_SASL)?.name ?? "not-authorized";
      return { type: "failure", condition, text: element.child(NS_SASL2, "text")?.text };
    }
    default:
      return { type: "broken", text: `${element.name} is not an answer to SASL2` };
  }
}

function notBase64(name: string): Sasl2Reply {
  return { type: "broken", text: `the data of ${name} is not base64` };
}

function readTasks(element: XmlElement): readonly string[] {
  const tasks = element.child(NS_SASL2, "tasks")?.elements() ?? [];
  return tasks.filter((child) => child.ns === NS_SASL2 && child.name === "task").map((child) => child.text);
}

export function sasl2Authenticate(
  mechanism: string,
  initial: Uint8Array | undefined,
  agent: UserAgent | undefined,
  ...inline: readonly (XmlElement | undefined)[]
): XmlElement {
  return xml(
    NS_SASL2,
    "authenticate",
    { mechanism },
    initial === undefined ? undefined : xml(NS_SASL2, "initial-response", {}, encodeBase64(initial)),
    agent === undefined ? undefined : buildUserAgent(agent),
    ...inline,
  );
}

export function sasl2Response(data: Uint8Array): XmlElement {
  return xml(NS_SASL2, "response", {}, encodeBase64(data));
}

export function sasl2Abort(): XmlElement {
  return xml(NS_SASL2, "abort");
}

export function sasl2Next(task: string): XmlElement {
  return xml(NS_SASL2, "next", { task });
}

export function sasl2TaskData(content: XmlElement): XmlElement {
  // [xep0388-2.6.3-03]
  return xml(NS_SASL2, "task-data", {}, content);
}

export function sasl2Challenge(data: Uint8Array): XmlElement {
  // [xep0388-2.4-03] [xep0388-2.5-01]
  return xml(NS_SASL2, "challenge", {}, encodeBase64(data));
}

/** @param who the bare address, or the full one of who has bound or resumed. XEP-0388 §2.6.1 */
export function sasl2Success(
  data: Uint8Array | undefined,
  who: string,
  inline: readonly (XmlElement | undefined)[] = [],
): XmlElement {
  return xml(
    NS_SASL2,
    "success",
    {},
    additionalData(data),
    xml(NS_SASL2, "authorization-identifier", {}, who),
    ...inline,
  );
}

/** One task, so that the client has nothing to choose. [xep0388-2.6.3-01] [xep0388-2.6.3-02] */
export function sasl2Continue(data: Uint8Array | undefined, task: string): XmlElement {
  const tasks = xml(NS_SASL2, "tasks", {}, xml(NS_SASL2, "task", {}, task));
  return xml(NS_SASL2, "continue", {}, additionalData(data), tasks);
}

/** [xep0388-2.6.1-01] */
function additionalData(data: Uint8Array | undefined): XmlElement | undefined {
  return data === undefined ? undefined : xml(NS_SASL2, "additional-data", {}, encodeBase64(data));
}

/** [xep0388-2.6.2-01] [xep0388-2.6.2-02] */
export function sasl2Failure(condition: SaslCondition, text?: string): XmlElement {
  // [xep0388-2.6.2-01]
  const told = text === undefined ? undefined : xml(NS_SASL2, "text", {}, text);
  return xml(NS_SASL2, "failure", {}, xml(NS_SASL, condition), told);
}
