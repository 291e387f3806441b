import { StreamError } from "../stream-error.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { receiveResult, receiveTargetChecked, receiveVerdict } from "./dialback-answers.ts";
import { readDialback } from "./dialback-elements.ts";
import { receiveKey, receivePairChecked, receiveVerification } from "./dialback-requests.ts";
import { failStream } from "./leaving.ts";
import type { ServerAnswer } from "./server-input.ts";
import type { OpenServerStream, ServerStreamState } from "./server-state.ts";
import { type ServerStep, serverStep } from "./server-step.ts";

/** An element of server dialback, in whichever of its four roles that puts us (XEP-0220). */
export function receiveDialback(state: OpenServerStream, element: XmlElement): ServerStep<ServerStreamState> {
  const read = readDialback(element);
  if ("broken" in read) {
    const condition = read.broken === "address" ? "improper-addressing" : "bad-format";
    return failStream(state, new StreamError(condition, { text: `malformed ${element.name} of dialback` }));
  }
  if (read.verdict === undefined)
    return read.name === "result" ? receiveKey(state, read) : receiveVerification(state, read);
  return read.name === "result" ? receiveResult(state, read) : receiveVerdict(state, read);
}

/** To checkPeer, while the stream goes on: whoever waits for it, in either direction. */
export function receiveFurtherCheck(
  state: OpenServerStream,
  answer: ServerAnswer & { readonly type: "peerChecked" },
): ServerStep<ServerStreamState> {
  const first = receivePairChecked(state, answer);
  if (first.state.phase === "closing" || first.state.phase === "ended") return first;
  const second = receiveTargetChecked(first.state, answer);
  return serverStep(second.state, ...first.effects, ...second.effects);
}
