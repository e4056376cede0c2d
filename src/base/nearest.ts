/** Letters that may be wrong in a word for it to be taken as a slip. */
const MAX_SLIPS = 2

/** The candidate that was probably meant by `word`, if one is near. */
export function nearest (word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let fewest = MAX_SLIPS + 1

  for (const candidate of candidates) {
    const slips = isBeginning(word, candidate) ? 1 : distance(word, candidate)

    // a word of two letters is two slips away from every other
    if (slips < fewest && slips <= candidate.length / 2) {
      best = candidate
      fewest = slips
    }
  }

  return best
}

/** One letter says nothing. */
function isBeginning (word: string, candidate: string): boolean {
  return word.length > 1 && candidate.startsWith(word)
}

/** Letters to add, drop, replace or swap with their neighbour (optimal string alignment distance). */
function distance (a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)

  for (let row = 1; row <= a.length; row++) {
    const current = [row]

    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]

      current.push(Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
        swapped ? at(beforeLast, column - 2) + 1 : Infinity
      ))
    }

    beforeLast = last
    last = current
  }

  return at(last, b.length)
}

function at (row: readonly number[], column: number): number {
  return row[column] ?? Infinity
}
