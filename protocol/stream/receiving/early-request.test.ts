import { describe } from "node:test";
import type { Wire } from "../testing/wire.ts";
import { open, error, serve, runTable } from "../testing/transcript.ts";

describe("registration before authentication", () => {
  const register = "<iq type='get' id='r'><query xmlns='jabber:iq:register'/></iq>";
  const opened = (): Wire => {
    const wire = serve();
    wire.write(open);
    wire.take();
    return wire;
  };
  runTable(
    [
      { name: "is answered where the host lets it through", script: [[register, "<iq type='result' id='r'/>"]] },
      {
        name: "is bounded",
        script: [
          [register.repeat(9), "<iq type='result' id='r'/>".repeat(8) + error("policy-violation", "too many requests")],
        ],
      },
      {
        name: "is all that is let through [rfc7590-3.4-02]",
        script: [["<iq type='get' id='r'><ping xmlns='urn:xmpp:ping'/></iq>", error("not-authorized")]],
      },
    ],
    opened,
  );
});
