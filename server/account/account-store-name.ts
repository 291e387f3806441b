/** Name of the store that says which accounts exist. */
export const accountStore = "account";
