import { messages } from "#im/messages/server.ts";
import { presence } from "#im/presence/server.ts";
import { roster } from "#im/roster/server.ts";
import type { ServerModule } from "#kit/server-module.ts";

export const serverModules: readonly ServerModule[] = [messages, presence, roster];
