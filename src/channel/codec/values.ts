/** Lists and maps within each other are walked by recursion, so there is a depth that no limit lifts. */
export const DEEPEST = 500

export const MIN_BIGINT = -(2n ** 63n)
export const MAX_BIGINT = 2n ** 64n - 1n

const { isPrototypeOf, toString } = Object.prototype

/**
 * Whether an object is of the kind that `{}`, `Object.create(null)` and JSON.parse make, those of another realm
 * included: there Object.prototype is another object.
 */
export function isPlain (value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value)

  if (prototype === null || prototype === Object.prototype) {
    return true
  }

  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, isPrototypeOf.name)
}

/** Buffers are Uint8Arrays too. No other array, view or ArrayBuffer is bytes, as its element type would be lost. */
export function isBytes (value: object): value is Uint8Array {
  return ArrayBuffer.isView(value) && (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === 'Uint8Array'
}

/** Milliseconds since 1970 if it is a Date, NaN for an invalid one. */
export function millisecondsOf (value: object): number | undefined {
  if (!(value instanceof Date) && toString.call(value) !== '[object Date]') {
    return undefined
  }

  try {
    return Date.prototype.getTime.call(value)
  } catch {
    // something that only looks like one
    return undefined
  }
}

/** With its article: `a Map`, `an Error`, `a function`. */
export function describeValue (value: unknown): string {
  if (typeof value !== 'object' || value === null) {
    return withArticle(typeof value)
  }

  const { constructor } = Object.getPrototypeOf(value) as { constructor?: unknown }

  if (typeof constructor !== 'function' || constructor.name === '') {
    return 'an object of a class without a name'
  }

  return constructor === Object ? 'an object with a prototype of its own' : withArticle(constructor.name)
}

function withArticle (name: string): string {
  return `${/^[aeio]/i.test(name) ? 'an' : 'a'} ${name}`
}
