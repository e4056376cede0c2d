/** A truth value of a JSON object, whatever the case of its key: engines are written in Go, which takes them all. */
export function flagOf (value: unknown, name: string): boolean {
  const found = Object.entries(Object(value) as Record<string, unknown>).findLast(([key]) => key.toLowerCase() === name.toLowerCase())

  return found?.[1] === true
}
