import { binaryCodec } from './binary-codec.ts'
import { CborReader } from './cbor-reader.ts'
import { CborScanner } from './cbor-scanner.ts'
import { CborWriter } from './cbor-writer.ts'

/** RFC 8949; spec-channel 5.3. */
export const cbor = binaryCodec('cbor', { Writer: CborWriter, Scanner: CborScanner, Reader: CborReader })
