import { ejabberd } from "./ejabberd.ts";
import { jabberd2 } from "./jabberd2.ts";
import { prosody } from "./prosody.ts";
import type { RemoteSoftware } from "./remote-server.ts";
import { twin } from "./twin.ts";

export const remoteSoftwares: readonly RemoteSoftware[] = [prosody, ejabberd, jabberd2, twin];
