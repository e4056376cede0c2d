import { ByteScanner } from './byte-scanner.ts'
import { BREAK, INFO, MAJOR, REFERENCE_TAG, SIMPLE } from './cbor-format.ts'
import { invalidAt } from './message-errors.ts'
import { isReferenceKind } from './references.ts'
import type { MessageLimits } from '../contract/index.ts'

/**
 * Stands for the number of values in what has no length. It is even, and no message has as many values: so what is
 * missing is even whenever an indefinite map may end.
 */
const INDEFINITE = 2 ** 53 - 2

/** What a first byte means depends on what it is in. */
const UNKNOWN = new Float64Array(256).fill(Infinity)

/** What we are in has a length. */
const DEFINITE = -1

/** RFC 8949, 3 and 5.3.1; and of the simple values those that messages have. */
export class CborScanner extends ByteScanner {
  constructor (limits: MessageLimits) {
    super(limits, UNKNOWN)
  }

  /** For each list and map that we are in, its major type if it has no length; the same for texts and bytes in parts. */
  readonly #indefinite: number[] = []
  /** Whether the last byte ended the header of a tag. */
  #isTagged = false

  protected override begin (code: number, size: number): boolean {
    const major = code >> 5
    const info = code & 0x1F

    this.#checkPart(code, size)

    if (code === BREAK) {
      return this.#end(size)
    }

    checkHead(major, info, size)
    this.#isTagged = false

    if (info === INFO.indefinite) {
      return this.#beginIndefinite(major)
    }

    if (info < INFO.next1) {
      this.header = info

      return this.open(size)
    }

    return this.expectHeader(1 << (info - INFO.next1))
  }

  protected override open (size: number): boolean {
    const { header } = this

    switch (this.code >> 5) {
      case MAJOR.bytes:
      case MAJOR.text:
        return this.pass(header, size)
      case MAJOR.list:
        this.#indefinite[this.depth] = DEFINITE

        return this.enter(header, size)
      case MAJOR.map:
        this.#indefinite[this.depth] = DEFINITE

        return this.enter(header * 2, size)
      case MAJOR.tag:
        this.#isTagged = true

        if (isReferenceKind(header - REFERENCE_TAG)) {
          this.countReference()
        }

        return false
      default:
        // the header was all of it
        return this.leave()
    }
  }

  #beginIndefinite (major: number): boolean {
    if (major === MAJOR.list || major === MAJOR.map) {
      this.checkDepth()
    }

    this.#indefinite[this.depth] = major
    this.push(INDEFINITE)

    return false
  }

  #end (size: number): boolean {
    const isBetween = this.#inside() === MAJOR.map && this.missing % 2 !== 0

    if (this.#inside() === DEFINITE || this.#isTagged || isBetween) {
      throw invalidAt(size - 1, 'is a break where a value must be')
    }

    this.pop()

    return this.leave()
  }

  /** Texts and bytes in parts have nothing but parts, which have lengths. */
  #checkPart (code: number, size: number): void {
    const inside = this.#inside()
    const isInParts = inside === MAJOR.bytes || inside === MAJOR.text
    const isPart = code >> 5 === inside && (code & 0x1F) !== INFO.indefinite

    if (isInParts && !isPart && code !== BREAK) {
      throw invalidAt(size - 1, 'begins something else than a part of the text or bytes around it')
    }
  }

  #inside (): number {
    return this.depth === 0 ? DEFINITE : this.#indefinite[this.depth - 1] as number
  }
}

function checkHead (major: number, info: number, size: number): void {
  const isReserved = info > INFO.next8 && info < INFO.indefinite
  const isEndless = info === INFO.indefinite && (major < MAJOR.bytes || major === MAJOR.tag)
  const isUnknown = major === MAJOR.simple && (info < SIMPLE.false || info === INFO.next1)

  if (isReserved || isEndless || isUnknown) {
    throw invalidAt(size - 1, `is 0x${(major << 5 | info).toString(16).padStart(2, '0')}, which begins no value`)
  }
}
