import { serverModule } from "#kit/server-module.ts";

/** Log-in for clients from before SASL; off unless asked for. The stream machine does it. */
export const legacyAuth = serverModule({
  name: "legacy-auth",
  implements: [
    {
      xep: 78,
      title: "Non-SASL Authentication",
      version: "2.5",
      status: "partial",
      note: "Passwords over TLS only; no digests, which would need passwords stored in clear.",
    },
  ],
  onByDefault: false,
  start: () => ({ legacyLogin: true }),
});
