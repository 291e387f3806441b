import { decode, encode, RECURSION_AVAILABLE, RECURSION_DESIRED } from "dns-packet";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { resolverAddress } from "./network.ts";

/** `answers`: as the lab's resolver does. RFC 1035 §4.1.1 has the others' codes; `silent` never answers. */
export type Mood = "answers" | "server-failure" | "no-such-name" | "silent";

const codes = { "server-failure": 2, "no-such-name": 3 } as const;
const port = 53;

/** A resolver that does what it is told: passes questions on to the lab's, or fails in one way for every name. */
export class MoodyResolver implements AsyncDisposable {
  static readonly address = "127.0.53.70";
  mood: Mood = "answers";
  /** Names that it was asked for, in lower case. */
  readonly asked: string[] = [];
  readonly #socket: Socket;
  readonly #errands = new Set<Socket>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("message", (question, from) => this.#answer(question, from));
  }

  static async start(): Promise<MoodyResolver> {
    const socket = createSocket("udp4");
    socket.bind(port, MoodyResolver.address);
    await once(socket, "listening");
    return new MoodyResolver(socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const errand of this.#errands) errand.close();
    this.#socket.close();
    await once(this.#socket, "close");
  }

  #answer(question: Buffer, from: RemoteInfo): void {
    const { id, questions = [] } = decode(question);
    for (const { name } of questions) this.asked.push(name.toLowerCase());
    const { mood } = this;
    if (mood === "silent") return;
    if (mood === "answers") {
      this.#passOn(question, from);
      return;
    }
    // The code is in the lowest bits of the flags. The question is in the spelling that it came in.
    const flags = RECURSION_DESIRED | RECURSION_AVAILABLE | codes[mood];
    this.#socket.send(
      encode({ type: "response", ...(id !== undefined && { id }), flags, questions }),
      from.port,
      from.address,
    );
  }

  #passOn(question: Buffer, from: RemoteInfo): void {
    const errand = createSocket("udp4");
    this.#errands.add(errand);
    errand.once("message", (answer) => {
      this.#errands.delete(errand);
      errand.close();
      this.#socket.send(answer, from.port, from.address);
    });
    errand.send(question, port, resolverAddress);
  }
}
