/** In UTF-16 units; longer lines come in pieces. */
export const MAX_LINE_LENGTH = 64 * 1024

/** The third argument of a `log` whose line goes on in the next one. */
export const PARTIAL = 'partial'

export interface Line {
  readonly text: string
  /** Whether the line goes on in the next piece. */
  readonly isPartial: boolean
}

/**
 * Lines of text from bytes, cut wherever they may be. Lines end with a line feed, and the last one with the bytes.
 * What is no UTF-8 becomes U+FFFD.
 */
export class LineSplitter {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  /** The beginning of a line. */
  #rest = ''

  push (bytes: Uint8Array): Line[] {
    return this.#split(this.#decoder.decode(bytes, { stream: true }))
  }

  /** What is left behind the last line feed. */
  end (): Line[] {
    const lines = this.#split(this.#decoder.decode())

    return this.#rest === '' ? lines : [...lines, { text: this.#rest, isPartial: false }]
  }

  #split (text: string): Line[] {
    const all = this.#rest + text
    const lines: Line[] = []
    let at = 0

    for (let feed = all.indexOf('\n'); feed !== -1; feed = all.indexOf('\n', at)) {
      at = cutLong(all, at, feed, lines)
      lines.push({ text: all.slice(at, feed), isPartial: false })
      at = feed + 1
    }

    at = cutLong(all, at, all.length, lines)
    this.#rest = all.slice(at)

    return lines
  }
}

/** Takes pieces off the beginning until what is left is short enough. Where that begins. */
function cutLong (all: string, from: number, end: number, lines: Line[]): number {
  let at = from

  while (end - at > MAX_LINE_LENGTH) {
    const isWithinPair = isHighSurrogate(all.charCodeAt(at + MAX_LINE_LENGTH - 1))
    const next = at + MAX_LINE_LENGTH - (isWithinPair ? 1 : 0)

    lines.push({ text: all.slice(at, next), isPartial: true })
    at = next
  }

  return at
}

function isHighSurrogate (unit: number): boolean {
  return unit >= 0xD800 && unit <= 0xDBFF
}
