import { unreachable } from "#protocol/assert.ts";
import type { BareJid } from "#protocol/jid/jid.ts";
import { scramSaltBytes } from "#protocol/sasl/fake-credentials.ts";
import { scramKeyBytes } from "#protocol/sasl/scram-hash.ts";
import { scramKeysFromSalted } from "#protocol/sasl/scram-keys.ts";
import type { SaslSuccess } from "#protocol/sasl/server-exchange.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { readSasl2Request, sasl2Continue, sasl2TaskData } from "../sasl2-elements.ts";
import { StreamError } from "../stream-error.ts";
import type { Step } from "../step.ts";
import { hashOfUpgradeTask, readHash, saltElement, upgradeTaskOf } from "../upgrade-elements.ts";
import { failStream, moveOn } from "./leaving.ts";
import { attemptOf, refuse } from "./refusing.ts";
import type { Authenticating, ReceivingOrEnding, Upgrading } from "./state.ts";

/**
 * A password is proven by SCRAM and there are keys missing that the client is ready to help with: one task after the other.
 * `undefined` when there are none. Who came in another way, by a token or a certificate, must not set a password.
 */
export function startUpgrading(
  state: Authenticating,
  { credentials, data }: SaslSuccess,
  user: BareJid,
): Step<ReceivingOrEnding> | undefined {
  const { choice, exchange, facts, host, inline, mechanism } = state;
  const announced = choice.sasl2?.upgrades ?? [];
  if (inline === undefined || credentials === undefined) return undefined;
  const [first, ...more] = announced.filter(
    (hash) => inline.upgrades.includes(upgradeTaskOf(hash)) && credentials.scram[hash] === undefined,
  );
  if (first === undefined) return undefined;
  const upgrading: Upgrading = {
    role: "receiving",
    phase: "upgrading",
    facts,
    host,
    choice,
    mechanism,
    exchange,
    inline,
    user,
    credentials,
    tasks: [first, ...more],
    waiting: { for: "next" },
  };
  // [xep0480-2.2-02]
  return moveOn(state, upgrading, { type: "send", element: sasl2Continue(data, upgradeTaskOf(first)) });
}

/** What the peer says to a task. XEP-0388 §2.6.3 */
export function receiveTaskElement(state: Upgrading, element: XmlElement): Step<ReceivingOrEnding> {
  const request = readSasl2Request(element);
  const [hash] = state.tasks;
  switch (request.type) {
    case "abort":
      return refuse(state, attemptOf(state), "aborted");
    case "next":
      if (state.waiting.for !== "next" || hashOfUpgradeTask(request.task) !== hash) return malformed(state);
      // [xep0388-2.6.3-06]
      return sendSalt(state);
    case "taskData":
      return state.waiting.for === "hash" ? takeHash(state, state.waiting, element) : malformed(state);
    case "authenticate":
      // [xep0388-4.8-01]
      return failStream(state, new StreamError("not-authorized", { text: "a task is under way" }));
    case "response":
    case "broken":
      return malformed(state);
    default:
      return unreachable(request);
  }
}

function sendSalt(state: Upgrading): Step<ReceivingOrEnding> {
  const { policy, random } = state.host.sasl;
  const wanted = { salt: random(scramSaltBytes), iterations: policy.scramIterations };
  const waiting = { for: "hash", ...wanted } as const;
  return moveOn(state, { ...state, waiting }, { type: "send", element: sasl2TaskData(saltElement(wanted)) });
}

function takeHash(
  state: Upgrading,
  { salt, iterations }: Extract<Upgrading["waiting"], { for: "hash" }>,
  element: XmlElement,
): Step<ReceivingOrEnding> {
  const [hash] = state.tasks;
  const salted = readHash(element);
  // [xep0480-2.1-02]
  if (salted?.length !== scramKeyBytes[hash]) return malformed(state);
  const { credentials } = state;
  const keys = scramKeysFromSalted(hash, salted, { salt, iterations });
  // Those that are there stay. [xep0480-4-01]
  const to = { ...credentials, scram: { ...credentials.scram, [hash]: keys } };
  return moveOn(
    state,
    // [xep0388-2.6.3-07]
    { ...state, waiting: { for: "keeping", to } },
    { type: "keepCredentials", user: state.user, renewal: { from: credentials, to } },
  );
}

/** To keepCredentials: the next task, or on with the log-in. [xep0388-2.6.3-07] */
export function receiveKept(state: Upgrading): Step<ReceivingOrEnding> {
  if (state.waiting.for !== "keeping") return { state, effects: [] };
  const { choice, exchange, facts, host, inline, mechanism, user } = state;
  const [, next, ...more] = state.tasks;
  if (next !== undefined) {
    const going: Upgrading = {
      ...state,
      credentials: state.waiting.to,
      tasks: [next, ...more],
      waiting: { for: "next" },
    };
    return moveOn(state, going, { type: "send", element: sasl2Continue(undefined, upgradeTaskOf(next)) });
  }
  const done: Authenticating = {
    role: "receiving",
    phase: "authenticating",
    facts,
    host,
    choice,
    mechanism,
    exchange,
    inline,
    // What the mechanism had to say was said with the first task.
    waiting: { for: "authorization", data: undefined, anonymous: false },
  };
  return moveOn(state, done, { type: "authorize", mechanism, user, anonymous: false, userAgent: inline.userAgent });
}

function malformed(state: Upgrading): Step<ReceivingOrEnding> {
  return refuse(state, attemptOf(state), "malformed-request");
}
