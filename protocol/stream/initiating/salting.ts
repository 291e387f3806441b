import { preparePassword } from "#protocol/sasl/prepare.ts";
import { saltedPasswordRequest } from "#protocol/sasl/scram-keys.ts";
import { scramIterationsMax, scramIterationsMin } from "#protocol/sasl/server-policy.ts";
import { encodeUtf8 } from "#protocol/sasl/utf8.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_SASL2 } from "#protocol/xml/namespaces.ts";
import { readSasl2Reply, sasl2Abort, sasl2Next, sasl2TaskData } from "../sasl2-elements.ts";
import { type Step, step } from "../step.ts";
import { hashElement, hashOfUpgradeTask, readSalt } from "../upgrade-elements.ts";
import { finishSasl2 } from "./inline.ts";
import { breakOff, giveUp } from "./leaving.ts";
import type { InitiatingOrEnding, Proving, Salting } from "./state.ts";

/** `<continue/>`: the server is believed, and wants a task done. The only ones that we know are those that we asked for. */
export function startSalting(state: Proving | Salting, tasks: readonly string[]): Step<InitiatingOrEnding> {
  const { announcement, attempt, facts, offered } = state;
  const mayUpgrade = facts.config.sasl2?.upgradeWith !== undefined && attempt.mechanism.startsWith("SCRAM-");
  const task = mayUpgrade ? tasks.find((name) => hashOfUpgradeTask(name) !== undefined) : undefined;
  const hash = task === undefined ? undefined : hashOfUpgradeTask(task);
  if (task === undefined || hash === undefined)
    return breakOff({ type: "taskRequired", tasks }, { type: "send", element: sasl2Abort() });
  const salting: Salting = {
    role: "initiating",
    phase: "salting",
    facts,
    offered,
    announcement,
    attempt,
    hash,
    waitingFor: "salt",
  };
  // [xep0388-2.6.3-02] [xep0388-2.6.3-06]
  return step(salting, { type: "send", element: sasl2Next(task) });
}

/** What the server says to a task. XEP-0480 §3 */
export function receiveTaskReply(state: Salting, element: XmlElement): Step<InitiatingOrEnding> {
  const reply = element.ns === NS_SASL2 && state.waitingFor !== "key" ? readSasl2Reply(element) : undefined;
  if (reply?.type === "taskData" && state.waitingFor === "salt") return salt(state, reply.element);
  if (reply?.type === "continue" && state.waitingFor === "server") return startSalting(state, reply.tasks);
  if (reply?.type === "success" && state.waitingFor === "server") return finishSasl2(state, reply.element);
  if (reply?.type === "failure") {
    const { condition, text } = reply;
    return giveUp(state, { type: "authenticationFailed", mechanism: state.attempt.mechanism, condition, text });
  }
  return giveUp(state, { type: "protocol", text: `${element.name} in the middle of a task` });
}

function salt(state: Salting, taskData: XmlElement): Step<InitiatingOrEnding> {
  const wanted = readSalt(taskData);
  const password = preparePassword(state.facts.config.sasl2?.upgradeWith ?? "");
  const { iterations = 0 } = wanted ?? {};
  // As for a challenge: neither so few that the password can be guessed, nor so many that we are kept busy (A27).
  if (
    wanted === undefined ||
    password === undefined ||
    iterations < scramIterationsMin ||
    iterations > scramIterationsMax
  )
    return breakOff(
      { type: "protocol", text: "a task with terms that we do not agree to" },
      { type: "send", element: sasl2Abort() },
    );
  const request = saltedPasswordRequest(state.hash, encodeUtf8(password), wanted);
  return step({ ...state, waitingFor: "key" }, { type: "pauseInput" }, { type: "derive", ...request });
}

/** To derive. The password itself stays here. [xep0480-2.1-02] */
export function receiveSaltedPassword(state: Salting, salted: Uint8Array): Step<InitiatingOrEnding> {
  return step(
    { ...state, waitingFor: "server" },
    { type: "send", element: sasl2TaskData(hashElement(salted)) },
    { type: "resumeInput" },
  );
}
