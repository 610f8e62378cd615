/** Converts `progressPercent` to `progress_percent`, its form in .proto files. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
