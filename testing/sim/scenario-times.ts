/** How long clients act, in milliseconds. */
export const actingMs = 300_000;
