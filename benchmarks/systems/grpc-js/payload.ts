/* `message Payload { bytes data = 1 }`, as code that is generated from it would write and read it. */

const DATA = 0x0A
const MORE = 0x80

export function encodePayload (data: Uint8Array): Buffer {
  const length = lengthBytes(data.byteLength)
  const payload = Buffer.allocUnsafe(1 + length + data.byteLength)
  let rest = data.byteLength

  payload[0] = DATA

  for (let i = 1; i <= length; i++) {
    payload[i] = i < length ? rest % MORE | MORE : rest
    rest = Math.floor(rest / MORE)
  }

  payload.set(data, 1 + length)

  return payload
}

export function decodePayload (payload: Buffer): Buffer {
  let length = 0
  let offset = 1

  if (payload[0] !== DATA) {
    throw new Error('not a payload')
  }

  for (let shift = 1; ; shift *= MORE) {
    const byte = payload[offset++] ?? 0

    length += byte % MORE * shift

    if (byte < MORE) {
      return payload.subarray(offset, offset + length)
    }
  }
}

function lengthBytes (length: number): number {
  return length < MORE ? 1 : 1 + lengthBytes(Math.floor(length / MORE))
}
