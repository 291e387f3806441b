import { NS_SERVER } from "#protocol/xml/namespaces.ts";
import { MachineWire } from "../../testing/machine-wire.ts";
import { receiveBetweenServers } from "../receive.ts";
import type { ServerEffect } from "../server-effect.ts";
import type { ServerInput } from "../server-input.ts";
import type { ServerStreamState } from "../server-state.ts";
import type { ServerStep } from "../server-step.ts";

/** Answers a question of the machine, or reacts to any other effect; `undefined` leaves it open. */
export type ServerAnswers = (effect: ServerEffect, wire: ServerWire) => ServerInput | undefined;

/** One end of a stream between servers over memory. */
export class ServerWire extends MachineWire<ServerStreamState, ServerInput, ServerEffect> {
  constructor(start: (wire: ServerWire) => ServerStep<ServerStreamState>, answers: ServerAnswers = () => undefined) {
    super({ receive: receiveBetweenServers, contentNamespace: NS_SERVER }, start, answers);
  }
}
