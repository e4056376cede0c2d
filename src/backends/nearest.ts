/** Letters that may be wrong in a word for it to be taken as a slip. */
const MAX_SLIPS = 2

/** The name that was probably meant, if one is near. */
export function nearest (word: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((name) => ({ name, slips: word.length > 1 && name.startsWith(word) ? 1 : distance(word, name) }))
    .filter(({ name, slips }) => slips <= MAX_SLIPS && slips <= name.length / 2) // two slips make any word of two letters
    .sort((a, b) => a.slips - b.slips)

  return ranked[0]?.name
}

/** Letters to add, drop or replace (Levenshtein). */
function distance (a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)

  for (const [line, letter] of Array.from(a).entries()) {
    const next = [line + 1]

    for (let column = 1; column <= b.length; column++) {
      next.push(Math.min(
        (row[column] ?? Infinity) + 1,
        (next[column - 1] ?? Infinity) + 1,
        (row[column - 1] ?? Infinity) + (letter === b[column - 1] ? 0 : 1)
      ))
    }

    row = next
  }

  return row[b.length] ?? Infinity
}
