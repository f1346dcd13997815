/** Columns of text under headers, numbers (also with a unit: `1.2 MB`) to the right. */
export function renderTable(rows: string[][], headers: string[]): string {
  const columns = headers.map((header, index) => {
    const cells = rows.map((row) => row[index] ?? "");
    return {
      width: Math.max(header.length, ...cells.map((cell) => cell.length)),
      hasNumbers: cells.some(isNumber),
    };
  });
  const lines = [headers, ...rows].map((row, rowIndex) => {
    const cells = columns.map(({ width, hasNumbers }, index) => {
      const cell = row[index] ?? "";
      const isUnknown = rowIndex === 0 || cell === "-";
      const toTheRight = isUnknown ? hasNumbers : isNumber(cell);
      return toTheRight ? cell.padStart(width) : cell.padEnd(width);
    });
    return cells.join("  ").trimEnd();
  });
  return `${lines.join("\n")}\n`;
}

function isNumber(cell: string): boolean {
  return /^[-+]?\d+(\.\d+)?( ?(%|[a-zA-Z]{1,3}))?$/.test(cell);
}
