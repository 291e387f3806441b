declare const payloadType: unique symbol;

/** Something that happens on a host and that features may listen to. Made once, exported by the folder that emits it. */
export interface EventType<Payload> {
  /** For logs only: identity is the value itself. */
  readonly label: string;
  readonly [payloadType]?: Payload;
}

/** Declares an event. */
export function defineEvent<Payload>(label: string): EventType<Payload> {
  return { label };
}

/** One listener, as a module hands it to its host. */
export interface EventListener {
  readonly event: EventType<unknown>;
  readonly hear: (payload: unknown) => void;
}

/** Listens to an event: `events: [on(sessionEnded, ({ session }) => …)]`. A listener that throws is logged and stops nobody else. */
export function on<Payload>(event: EventType<Payload>, hear: (payload: Payload) => void): EventListener {
  // The payload's type is bound to the event value, which is the key that the host looks listeners up by.
  return { event, hear: hear as (payload: unknown) => void };
}
