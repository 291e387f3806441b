import type { ColumnValue, Condition, Row } from "#kit/storage.ts";
import { compareText } from "./text-order.ts";

/** Whether a row meets all conditions, as the databases would decide it. */
export function matchesRow(row: Row, where: readonly Condition[]): boolean {
  return where.every((condition) => {
    const value = row[condition.column] ?? "";
    if (condition.is === "in") return condition.values.includes(value);
    if (condition.is === "prefix") return String(value).startsWith(condition.value);
    const order = compareValues(value, condition.value);
    switch (condition.is) {
      case "=":
        return order === 0;
      case "<":
        return order < 0;
      case "<=":
        return order <= 0;
      case ">":
        return order > 0;
      case ">=":
        return order >= 0;
    }
    return false;
  });
}

/** Orders rows by these columns. */
export function compareRows(a: Row, b: Row, columns: readonly string[]): number {
  for (const column of columns) {
    const order = compareValues(a[column] ?? "", b[column] ?? "");
    if (order !== 0) return order;
  }
  return 0;
}

function compareValues(a: ColumnValue, b: ColumnValue): number {
  return typeof a === "number" && typeof b === "number" ? a - b : compareText(String(a), String(b));
}
