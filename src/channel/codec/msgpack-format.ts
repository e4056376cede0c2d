/** First bytes of values, from the msgpack specification. */
export const CODE = {
  fixMap: 0x80,
  fixList: 0x90,
  fixText: 0xA0,
  nothing: 0xC0,
  unused: 0xC1,
  false: 0xC2,
  true: 0xC3,
  bytes8: 0xC4,
  bytes16: 0xC5,
  bytes32: 0xC6,
  extension8: 0xC7,
  extension16: 0xC8,
  extension32: 0xC9,
  float32: 0xCA,
  float64: 0xCB,
  uint8: 0xCC,
  uint16: 0xCD,
  uint32: 0xCE,
  uint64: 0xCF,
  int8: 0xD0,
  int16: 0xD1,
  int32: 0xD2,
  int64: 0xD3,
  fixExtension1: 0xD4,
  fixExtension2: 0xD5,
  fixExtension4: 0xD6,
  fixExtension8: 0xD7,
  fixExtension16: 0xD8,
  text8: 0xD9,
  text16: 0xDA,
  text32: 0xDB,
  list16: 0xDC,
  list32: 0xDD,
  map16: 0xDE,
  map32: 0xDF,
  negativeFix: 0xE0
} as const

/** The extension for times that the msgpack specification has; read, and never written. */
export const TIMESTAMP_TYPE = 0xFF

/** Seconds and nanoseconds. */
export const TIME_BYTES = 12
