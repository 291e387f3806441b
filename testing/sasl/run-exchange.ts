import { pbkdf2Sync } from "node:crypto";
import type { SaslClientContext } from "#protocol/sasl/client-context.ts";
import type { SaslClientExchange, SaslClientOutput } from "#protocol/sasl/client-exchange.ts";
import { makeCredentials } from "#protocol/sasl/make-credentials.ts";
import type { SaslServerContext } from "#protocol/sasl/server-context.ts";
import type { SaslDerive, SaslOutput, SaslServerExchange } from "#protocol/sasl/server-exchange.ts";
import { defaultSaslServerPolicy, type SaslServerPolicy } from "#protocol/sasl/server-policy.ts";
import type { StoredCredentials } from "#protocol/sasl/stored-credentials.ts";

/** What travels between the two sides. `undefined` data is an element without content. */
export interface SaslMessage {
  readonly name: "auth" | "challenge" | "response" | "success";
  readonly data: Uint8Array | undefined;
}

/** Who sits in between: may change a message, or swallow it with everything after it by answering `undefined`. */
export type Tamper = (message: SaslMessage, index: number) => SaslMessage | undefined;

export interface ExchangeResult {
  /** The last thing each side said; a server's `challenge` here means that it was left waiting. */
  readonly server: SaslOutput | undefined;
  readonly client: SaslClientOutput;
  readonly messages: readonly SaslMessage[];
  /** Types of all that the server's exchange put out, questions included. */
  readonly serverOutputs: readonly string[];
}

/** Messages of one exchange; more means that the two never come to an end. */
const messagesMax = 12;

/** Lets a client and a server talk until one of them is done. */
export function runExchange(options: {
  readonly server: SaslServerExchange;
  readonly client: SaslClientExchange;
  readonly find: (username: string) => StoredCredentials | undefined;
  readonly tamper?: Tamper;
}): ExchangeResult {
  const { server, client, find, tamper = (message: SaslMessage) => message } = options;
  const messages: SaslMessage[] = [];
  const serverOutputs: string[] = [];
  let serverSaid: SaslOutput | undefined;
  let clientSaid = settleClient(client, client.start());
  while (clientSaid.type === "response" && messages.length < messagesMax) {
    const sent = tamper({ name: messages.length === 0 ? "auth" : "response", data: clientSaid.data }, messages.length);
    if (sent === undefined) break;
    messages.push(sent);
    const asked = server.respond(sent.data);
    serverSaid = settleServer(server, asked, find, serverOutputs);
    if (serverSaid.type !== "challenge" && serverSaid.type !== "success") break;
    const reply = tamper({ name: serverSaid.type, data: serverSaid.data }, messages.length);
    if (reply === undefined) break;
    messages.push(reply);
    const next =
      reply.name === "challenge" ? client.challenge(reply.data ?? new Uint8Array()) : client.success(reply.data);
    clientSaid = settleClient(client, next);
  }
  return { server: serverSaid, client: clientSaid, messages, serverOutputs };
}

/** Answers the questions of a server's exchange. */
export function settleServer(
  server: SaslServerExchange,
  first: SaslOutput,
  find: (username: string) => StoredCredentials | undefined,
  outputs: string[] = [],
): SaslOutput {
  let output = first;
  for (;;) {
    outputs.push(output.type);
    if (output.type === "lookup") output = server.credentials(find(output.username));
    else if (output.type === "derive") output = server.derived(derive(output));
    else return output;
  }
}

function settleClient(client: SaslClientExchange, first: SaslClientOutput): SaslClientOutput {
  let output = first;
  while (output.type === "derive") output = client.derived(derive(output));
  return output;
}

export function derive(request: Omit<SaslDerive, "type">): Uint8Array {
  const { hash, password, salt, iterations, length } = request;
  return new Uint8Array(pbkdf2Sync(password, salt, iterations, length, hash.replace("-", "").toLowerCase()));
}

/** The keys of a password, computed at once. */
export function credentialsOf(
  username: string,
  password: string,
  policy: SaslServerPolicy = testPolicy,
): StoredCredentials {
  const maker = makeCredentials({ username, domain: testDomain, password, policy, random: countingRandom(1) });
  let step = maker.start();
  while (step.type === "derive") step = maker.derived(derive(step));
  if (step.type === "refused") throw new Error(`not a password: ${password}`);
  return step.credentials;
}

export const testDomain = "balcony.example";

/** Everything on, and as few iterations as are allowed. */
export const testPolicy: SaslServerPolicy = {
  ...defaultSaslServerPolicy,
  scramIterations: 4096,
  digestMd5: true,
  anonymous: true,
};

export function serverContext(changes: Partial<SaslServerContext> = {}): SaslServerContext {
  return {
    policy: testPolicy,
    offered: [],
    bindings: [],
    encrypted: true,
    domain: testDomain,
    mayActAs: (authcid, authzid) => authzid === `${authcid}@${testDomain}`,
    secret: new TextEncoder().encode("a secret of sixteen bytes or more"),
    random: countingRandom(7),
    ...changes,
  };
}

export function clientContext(changes: Partial<SaslClientContext> = {}): SaslClientContext {
  return {
    username: "juliet",
    password: "r0m30myr0m30",
    domain: testDomain,
    binding: "n",
    random: countingRandom(3),
    ...changes,
  };
}

/** Bytes that look random and are the same in every run. */
export function countingRandom(seed: number): (bytes: number) => Uint8Array {
  let state = seed >>> 0;
  return (bytes) =>
    Uint8Array.from({ length: bytes }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    });
}
