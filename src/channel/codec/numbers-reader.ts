const TWO_32 = 2 ** 32

const scratch = new Uint8Array(8)
const scratchView = new DataView(scratch.buffer)

export function readUint16 (bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) << 8 | (bytes[at + 1] as number)
}

export function readUint32 (bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at) >>> 0
}

export function readInt32 (bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) << 24 | (bytes[at + 1] as number) << 16 | (bytes[at + 2] as number) << 8 | (bytes[at + 3] as number)
}

/** A number if that is safe, otherwise a bigint. */
export function readUint64 (bytes: Uint8Array, at: number): number | bigint {
  return joinHalves(readUint32(bytes, at), readUint32(bytes, at + 4))
}

export function readInt64 (bytes: Uint8Array, at: number): number | bigint {
  return joinHalves(readInt32(bytes, at), readUint32(bytes, at + 4))
}

function joinHalves (high: number, low: number): number | bigint {
  const value = high * TWO_32 + low

  return Number.isSafeInteger(value) ? value : BigInt(high) << 32n | BigInt(low)
}

/** 1 bit of sign, 5 of exponent, 10 of fraction. */
export function readFloat16 (bytes: Uint8Array, at: number): number {
  const half = readUint16(bytes, at)
  const sign = half < 0x8000 ? 1 : -1
  const exponent = half >> 10 & 0x1F
  const fraction = half & 0x3FF

  if (exponent === 0) {
    return sign * fraction * 2 ** -24
  }

  if (exponent === 0x1F) {
    return fraction === 0 ? sign * Infinity : NaN
  }

  return sign * (0x400 + fraction) * 2 ** (exponent - 25)
}

export function readFloat32 (bytes: Uint8Array, at: number): number {
  fillScratch(bytes, at, 4)

  return scratchView.getFloat32(0)
}

export function readFloat64 (bytes: Uint8Array, at: number): number {
  fillScratch(bytes, at, 8)

  return scratchView.getFloat64(0)
}

/** Making a DataView of each message would take longer. */
function fillScratch (bytes: Uint8Array, at: number, count: number): void {
  for (let i = 0; i < count; i++) {
    scratch[i] = bytes[at + i] as number
  }
}
