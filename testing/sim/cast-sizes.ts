export const accountsCount = 14;
/** The first ones are each account's first device, those behind them second devices, as far as they go. */
export const clientsCount = 24;
/** Accounts, the first ones, that have a third device. */
export const thirdDevicesCount = 4;
