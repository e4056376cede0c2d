import { cbor, json, msgpack } from '../channel/index.ts'
import { withCaller } from '../service/index.ts'
import type { Codec, DecodeContext, SessionInit } from '../channel/index.ts'
import type { Caller } from '../service/index.ts'

/**
 * Codecs that mark each message of a session with the peer whose session it is. They are all that this session can use, so
 * that no message of a peer passes for one of this process, on whatever channel it comes and wherever it is handed on to.
 */
export function callerCodecs (caller: Caller): Required<Pick<SessionInit, 'codec' | 'codecs'>> {
  return {
    codec: marking(msgpack, caller),
    codecs: [marking(cbor, caller), marking(json, caller)]
  }
}

function marking (codec: Codec, caller: Caller): Codec {
  const { name, createScanner } = codec

  return {
    name,
    encode: (value, context) => codec.encode(value, context),
    decode: (bytes: Uint8Array, context: DecodeContext) => {
      const value = codec.decode(bytes, context)

      return isMap(value) ? withCaller(value, caller) : value
    },
    ...(createScanner == null ? {} : { createScanner: createScanner.bind(codec) })
  }
}

/** Lists are calls of typed services, whose attachment knows its caller; channels and byte streams are no messages. */
function isMap (value: unknown): value is object {
  if (typeof value !== 'object' || value === null) {
    return false
  }

  const prototype: unknown = Object.getPrototypeOf(value)

  return prototype === Object.prototype || prototype === null
}
