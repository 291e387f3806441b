import { serverModule } from "#kit/server-module.ts";

/** Resource binding in one with log-in. The stream machine asks for it, the binder does it, features join in by `bindFeatures`. */
export const bind2 = serverModule({
  name: "bind2",
  implements: [{ xep: 386, title: "Bind 2", version: "1.1.0", status: "complete" }],
  start: () => ({ bind2: true }),
});
