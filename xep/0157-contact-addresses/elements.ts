import { form } from "../0004-data-forms/form.ts";
import { textMulti } from "../0004-data-forms/form-fields.ts";

/** What a host says about itself in disco#info; URIs, one a line (XEP-0157 §3). */
export const ServerInfo = form("http://jabber.org/network/serverinfo", {
  abuse: textMulti("abuse-addresses"),
  admin: textMulti("admin-addresses"),
  feedback: textMulti("feedback-addresses"),
  sales: textMulti("sales-addresses"),
  security: textMulti("security-addresses"),
  status: textMulti("status-addresses"),
  support: textMulti("support-addresses"),
});
