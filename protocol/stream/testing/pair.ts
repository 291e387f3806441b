import type { InitiatingConfig } from "../initiating/config.ts";
import { startInitiating } from "../initiating/receive.ts";
import { startReceiving } from "../receiving/receive.ts";
import type { ReceivingConfig } from "../receiving/config.ts";
import type { SecureChannel } from "../secure-channel.ts";
import { type Answers, Wire } from "./wire.ts";

export interface Pair {
  readonly client: Wire;
  readonly server: Wire;
  /** Everything sent, in the order in which it arrived. */
  readonly transcript: readonly string[];
}

/** How the two ends of a pair meet. */
export interface Meeting {
  readonly client: InitiatingConfig;
  readonly server: ReceivingConfig;
  readonly clientAnswers: Answers;
  readonly serverAnswers: Answers;
  /** `clear` leaves TLS to STARTTLS. */
  readonly transport: "clear" | "tls";
  readonly channel: SecureChannel;
}

/** A client and a server talk over memory until both are silent. TLS is a flag and its channel bindings. */
export function meet(meeting: Meeting): Pair {
  const transcript: string[] = [];
  const direct = meeting.transport === "tls" ? meeting.channel : undefined;
  const post: { readonly to: "client" | "server"; readonly text: string }[] = [];
  let handshakes = 0;

  const server = new Wire(() => startReceiving(meeting.server, direct), meeting.serverAnswers);
  server.onSent = (text) => post.push({ to: "client", text });
  const client = new Wire((wire) => {
    wire.onSent = (text) => post.push({ to: "server", text });
    return startInitiating(meeting.client, direct);
  }, meeting.clientAnswers);
  // The handshake is over when both have asked for it.
  server.onStartTls = client.onStartTls = () => {
    handshakes++;
  };

  const deliver = (): void => {
    for (let next = post.shift(); next !== undefined; next = post.shift()) {
      transcript.push(`${next.to === "server" ? "C" : "S"}: ${next.text}`);
      (next.to === "server" ? server : client).write(next.text);
    }
  };
  deliver();
  while (handshakes === 2) {
    handshakes = 0;
    server.input({ type: "secured", channel: meeting.channel });
    client.input({ type: "secured", channel: meeting.channel });
    deliver();
  }
  return { client, server, transcript };
}
