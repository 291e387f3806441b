import type { DomainJid } from "#protocol/jid/jid.ts";
import { domain } from "../../testing/server.ts";
import { startInitiatingServer, startReceivingServer } from "../receive.ts";
import type { DialbackRequest, KeyOutcome, ServerEffect } from "../server-effect.ts";
import type { ServerErrand, ServerHost, ServerSide } from "../server-config.ts";
import type { ServerInput } from "../server-input.ts";
import { ServerWire } from "./server-wire.ts";
import { channel, errandOf, hostOf, sideOf } from "./sides.ts";

export interface MeetingOptions {
  readonly capulet?: Partial<ServerHost>;
  readonly montague?: Partial<ServerHost>;
  /** Further hosts of capulet's server, and of montague's. */
  readonly capulets?: readonly ServerHost[];
  readonly montagues?: readonly ServerHost[];
  readonly errand?: Partial<ServerErrand>;
  readonly direct?: boolean;
  /** Whose certificates are good. */
  readonly trusted?: readonly string[];
  /** How many characters arrive at once; whole writes without it. */
  readonly cut?: () => number;
  /** Somebody who pretends to be capulet has another secret. */
  readonly impostor?: boolean;
  /** What capulet's owner wants as soon as the stream is established. */
  readonly orders?: readonly ServerInput[];
  readonly resumption?: ServerInput;
}

export interface Meeting {
  readonly capulet: ServerWire;
  readonly montague: ServerWire;
  readonly transcript: readonly string[];
  /** Goes on until both are silent. */
  readonly deliver: () => void;
}

/** Two servers talk over memory until both are silent; keys are verified over streams of their own. */
export function meetServers(options: MeetingOptions = {}): Meeting {
  const { capulets = [], montagues = [], trusted = [] } = options;
  const capuletSide = sideOf([hostOf("capulet.example", options.capulet), ...capulets]);
  const montagueSide = sideOf([hostOf("montague.example", options.montague), ...montagues], {
    secret: "d14lb4ck43v3r",
  });
  const authority =
    options.impostor === true
      ? sideOf([hostOf("capulet.example")], { secret: "0th3r 0n3s" + "x".repeat(9) })
      : capuletSide;
  const serves = (side: ServerSide, name: DomainJid): boolean => side.host(name).type === "served";
  const ask = (request: DialbackRequest, asker: ServerSide): KeyOutcome =>
    verifyElsewhere(request, asker, serves(asker, domain("capulet.example")) ? montagueSide : authority);

  const answersFor =
    (side: ServerSide, orders: readonly ServerInput[]) =>
    (effect: ServerEffect, wire: ServerWire): ServerInput | undefined => {
      switch (effect.type) {
        case "checkPeer": {
          const { local, remote } = effect;
          return trusted.includes(remote)
            ? { type: "peerChecked", local, remote, trusted: true }
            : { type: "peerChecked", local, remote, trusted: false, reason: "self-signed" };
        }
        case "verifyKey": {
          const { id, local, remote } = effect;
          return { type: "keyVerified", local, remote, id, outcome: ask(effect, side) };
        }
        case "enableSm":
          return { type: "smEnabled", resumption: { id: "sm-1" } };
        case "resumeSm":
          return options.resumption ?? { type: "smFailed", condition: "item-not-found" };
        case "established":
          for (const order of orders) wire.input(order);
          return undefined;
        default:
          return undefined;
      }
    };
  return wire(
    () => startReceivingServer(montagueSide, options.direct === true ? channel : undefined),
    () =>
      startInitiatingServer(
        capuletSide,
        errandOf("capulet.example", "montague.example", options.errand),
        options.direct === true ? channel : undefined,
      ),
    { montague: answersFor(montagueSide, []), capulet: answersFor(capuletSide, options.orders ?? []) },
    options.cut,
  );
}

/** What the Authoritative Server says, asked over a stream that does nothing else. */
function verifyElsewhere(request: DialbackRequest, asker: ServerSide, authority: ServerSide): KeyOutcome {
  const { id, key, local, remote } = request;
  const untrusting = (effect: ServerEffect): ServerInput | undefined =>
    effect.type === "checkPeer"
      ? { type: "peerChecked", local: effect.local, remote: effect.remote, trusted: false, reason: "" }
      : undefined;
  const { capulet: asking } = wire(
    () => startReceivingServer(authority, channel),
    () => startInitiatingServer(asker, { local, remote, authorize: false }, channel),
    { montague: untrusting, capulet: untrusting },
    undefined,
    { type: "verify", local, remote, id, key },
  );
  return asking.all("verified")[0]?.outcome ?? { type: "error", condition: "remote-server-timeout" };
}

function wire(
  receiving: () => ReturnType<typeof startReceivingServer>,
  initiating: () => ReturnType<typeof startInitiatingServer>,
  answers: Readonly<Record<"capulet" | "montague", ConstructorParameters<typeof ServerWire>[1]>>,
  cut: (() => number) | undefined,
  order?: ServerInput,
): Meeting {
  const transcript: string[] = [];
  const post: { readonly to: "capulet" | "montague"; readonly text: string }[] = [];
  let handshakes = 0;
  const montague = new ServerWire((end) => {
    end.onSent = (text) => post.push({ to: "capulet", text });
    return receiving();
  }, answers.montague);
  const capulet = new ServerWire((end) => {
    end.onSent = (text) => post.push({ to: "montague", text });
    return initiating();
  }, answers.capulet);
  // The handshake is over when both have asked for it.
  montague.onStartTls = capulet.onStartTls = () => {
    handshakes++;
  };
  const write = (end: ServerWire, text: string): void => {
    if (cut === undefined) return end.write(text);
    for (let at = 0; at < text.length;) {
      const next = at + Math.max(1, cut());
      end.write(text.slice(at, next));
      at = next;
    }
  };
  const deliver = (): void => {
    for (;;) {
      for (let next = post.shift(); next !== undefined; next = post.shift()) {
        transcript.push(`${next.to === "montague" ? "C" : "M"}: ${next.text}`);
        write(next.to === "montague" ? montague : capulet, next.text);
      }
      if (handshakes < 2) return;
      handshakes = 0;
      montague.input({ type: "secured", channel });
      capulet.input({ type: "secured", channel });
    }
  };
  if (order !== undefined) capulet.input(order);
  deliver();
  return { capulet, montague, transcript, deliver };
}
