import assert from "node:assert/strict";
import { handshakeOf } from "#protocol/stream/component/handshake.ts";
import { NS_COMPONENT_ACCEPT, NS_STREAM } from "#protocol/xml/namespaces.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { ScriptedClient, type ClientWorld } from "./scripted-client.ts";

/** A component that sends what the script says and shows what it gets (XEP-0114). */
export class ScriptedComponent extends ScriptedClient {
  constructor(world: ClientWorld) {
    super({ ...world, contentNamespace: NS_COMPONENT_ACCEPT });
  }

  /** Opens a stream to its own name; the answer is not looked at. */
  async begin(domain: string, more = ""): Promise<void> {
    await this.sendText(
      `<?xml version='1.0'?><stream:stream xmlns='${NS_COMPONENT_ACCEPT}' xmlns:stream='${NS_STREAM}' to='${domain}'${more}>`,
    );
  }

  /** Proves to know the secret, and says so whether it is let in or not. */
  prove(secret: string): Promise<void> {
    return this.sendText(`<handshake>${handshakeOf(this.streamId, secret)}</handshake>`);
  }

  /** Comes in, and forgets what it is asked then. */
  async join(domain: string, secret: string): Promise<void> {
    await this.begin(domain);
    await this.prove(secret);
    const answer = this.next();
    assert.equal(answer.name, "handshake", `${domain}: ${serialize(answer)}`);
    this.ignoreAll();
  }
}
