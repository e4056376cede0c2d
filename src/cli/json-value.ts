/** A value of a channel as JSON has it: bytes in base64, whole numbers without a bound as text, channels by what they are. */
export function toJson (value: unknown): unknown {
  switch (typeof value) {
    case 'bigint': return String(value)
    case 'object': return value == null ? value : fromObject(value)
    default: return value
  }
}

function fromObject (value: object): unknown {
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
  }

  if (value instanceof Date) {
    return value.toJSON()
  }

  if (Array.isArray(value)) {
    return value.map(toJson)
  }

  if (value instanceof Map) {
    return Object.fromEntries(Array.from(value, ([key, entry]) => [String(key), toJson(entry)]))
  }

  const prototype: unknown = Object.getPrototypeOf(value)

  return prototype === Object.prototype || prototype === null
    ? Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toJson(entry)]))
    : `<${value.constructor.name}>`
}
