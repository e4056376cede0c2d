import { binaryCodec } from './binary-codec.ts'
import { MsgpackReader } from './msgpack-reader.ts'
import { MsgpackScanner } from './msgpack-scanner.ts'
import { MsgpackWriter } from './msgpack-writer.ts'

/** The codec of Go libchan, and of all channels that do not name another; spec-channel 5.2. */
export const msgpack = binaryCodec('msgpack', { Writer: MsgpackWriter, Scanner: MsgpackScanner, Reader: MsgpackReader })
