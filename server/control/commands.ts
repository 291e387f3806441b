import type { Command } from "#kit/command.ts";
import { archiveInfo, archivePurge, archiveQuota } from "./commands/archive.ts";
import { archiveExport } from "./commands/archive-export.ts";
import { inviteCreate, inviteList, inviteRevoke } from "./commands/invites.ts";
import { certificateList, certificateRenew } from "./commands/certificates.ts";
import { componentAdd, componentList, componentRemove, componentSecret } from "./commands/components.ts";
import { hostAdd, hostList, hostRemove } from "./commands/hosts.ts";
import { backup, configReload, configShow, logTail } from "./commands/server.ts";
import { s2sClose, s2sConnect, s2sList } from "./commands/s2s.ts";
import { status } from "./commands/status.ts";
import { userAdd, userDelete, userKick, userList, userPasswd, userSessions } from "./commands/users.ts";

/** Every command for administrators, in the order of the help. */
export const commands: readonly Command[] = [
  status,
  userAdd,
  userPasswd,
  userDelete,
  userList,
  userSessions,
  userKick,
  inviteCreate,
  inviteList,
  inviteRevoke,
  archiveInfo,
  archiveQuota,
  archiveExport,
  archivePurge,
  hostAdd,
  hostRemove,
  hostList,
  certificateList,
  certificateRenew,
  s2sList,
  s2sConnect,
  s2sClose,
  componentAdd,
  componentList,
  componentSecret,
  componentRemove,
  configShow,
  configReload,
  backup,
  logTail,
];
