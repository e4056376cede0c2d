import { X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readSignedKey } from './decode/certificate.ts'
import { multiaddrText } from './decode/multiaddr.ts'
import { Message } from './decode/protobuf.ts'
import { peerIdText, PublicKey } from './decode/public-key.ts'
import { Reader, varint } from './decode/reader.ts'
import { readToken } from './decode/select.ts'
import { FLAG, has, readFrame, TYPE } from './decode/yamux.ts'

/** libp2p/specs tls, "Test vectors", 1: Ed25519. */
const ED25519_CERTIFICATE = '308201ae30820156a0030201020204499602d2300a06082a8648ce3d040302302031123010060355040a13096c69627032702e696f310a300806035504051301313020170d3735303130313133303030305a180f34303936303130313133303030305a302031123010060355040a13096c69627032702e696f310a300806035504051301313059301306072a8648ce3d020106082a8648ce3d030107034200040c901d423c831ca85e27c73c263ba132721bb9d7a84c4f0380b2a6756fd601331c8870234dec878504c174144fa4b14b66a651691606d8173e55bd37e381569ea37c307a3078060a2b0601040183a25a0101046a3068042408011220a77f1d92fedb59dddaea5a1c4abd1ac2fbde7d7b879ed364501809923d7c11b90440d90d2769db992d5e6195dbb08e706b6651e024fda6cfb8846694a435519941cac215a8207792e42849cccc6cd8136c6e4bde92a58c5e08cfd4206eb5fe0bf909300a06082a8648ce3d0403020346003043021f50f6b6c52711a881778718238f650c9fb48943ae6ee6d28427dc6071ae55e702203625f116a7a454db9c56986c82a25682f7248ea1cb764d322ea983ed36a31b77'

/** The fourth there: signed by another key than the one that it names. */
const MISMATCHED_CERTIFICATE = '308201f73082019da0030201020204499602d2300a06082a8648ce3d040302302031123010060355040a13096c69627032702e696f310a300806035504051301313020170d3735303130313133303030305a180f34303936303130313133303030305a302031123010060355040a13096c69627032702e696f310a300806035504051301313059301306072a8648ce3d020106082a8648ce3d030107034200040c901d423c831ca85e27c73c263ba132721bb9d7a84c4f0380b2a6756fd601331c8870234dec878504c174144fa4b14b66a651691606d8173e55bd37e381569ea381c23081bf3081bc060a2b0601040183a25a01010481ad3081aa045f0803125b3059301306072a8648ce3d020106082a8648ce3d03010703420004bf30511f909414ebdd3242178fd290f093a551cf75c973155de0bb5a96fedf6cb5d52da7563e794b512f66e60c7f55ba8a3acf3dd72a801980d205e8a1ad29f204473045022100bb6e03577b7cc7a3cd1558df0da2b117dfdcc0399bc2504ebe7de6f65cade72802206de96e2a5be9b6202adba24ee0362e490641ac45c240db71fe955f2c5cf8df6e300a06082a8648ce3d0403020348003045022100e847f267f43717358f850355bdcabbefb2cfbf8a3c043b203a14788a092fe8db022027c1d04a2d41fd6b57a7e8b3989e470325de4406e52e084e34a3fd56eef0d0df'

function reader (hex: string): Reader {
  return new Reader(Buffer.from(hex, 'hex'))
}

/** Whether the host key in a certificate has signed the certificate's own. */
function isSigned (hex: string): boolean {
  const der = Buffer.from(hex, 'hex')
  const { publicKey, signature } = readSignedKey(der)
  const info = new X509Certificate(der).publicKey.export({ type: 'spki', format: 'der' })

  return new PublicKey(publicKey).verifies(Buffer.concat([Buffer.from('libp2p-tls-handshake:'), info]), signature)
}

describe('what takes captured bytes apart', () => {
  it.each([['00', 0n], ['7f', 127n], ['8001', 128n], ['ff7f', 16_383n], ['ffffffffffffffffff01', 0xFFFF_FFFF_FFFF_FFFFn]])('reads the varint %s', (hex, value) => {
    expect(reader(hex).varint()).toBe(value)
  })

  it('refuses a varint that is longer than it need be, and one that does not end', () => {
    expect(() => reader('8100').varint()).toThrow(RangeError)
    expect(() => reader('80').varint()).toThrow(RangeError)
  })

  it.each([0, 127, 128, 300])('writes the varint of %i as it is read', (value) => {
    expect(new Reader(varint(value)).varint()).toBe(BigInt(value))
  })

  it('refuses to read beyond the end', () => {
    expect(() => reader('0102').uint32()).toThrow('wanted 4 bytes at 0, there are 2')
    expect(() => reader('0301').prefixed()).toThrow('wanted 3 bytes at 1, there are 1')
  })

  it('refuses a message of multistream-select without a newline', () => {
    expect(readToken(reader('036e610a'))).toBe('na')
    expect(() => readToken(reader('026e61'))).toThrow('ends with a newline')
  })

  it('reads a message of Protocol Buffers field by field, and refuses other wire types and fields that are there twice', () => {
    const message = new Message(Buffer.from('08011202abcd1a0161', 'hex'))

    expect(message.numbers).toEqual([1, 2, 3])
    expect([message.uint(1), message.bytes(2).toString('hex'), message.text(3)]).toEqual([1n, 'abcd', 'a'])
    expect(() => new Message(Buffer.from('0d00000000', 'hex'))).toThrow('wire type 5')
    expect(() => new Message(Buffer.from('0a01610a0162', 'hex')).bytes(1)).toThrow('there 2 times')
    expect(() => message.bytes(4)).toThrow('there 0 times')
  })

  it('reads multiaddrs, and refuses protocols that do not belong there', () => {
    expect(multiaddrText(Buffer.from('047f00000106115c', 'hex'))).toBe('/ip4/127.0.0.1/tcp/4444')
    expect(multiaddrText(Buffer.from('047f0000019102115ccd03', 'hex'))).toBe('/ip4/127.0.0.1/udp/4444/quic-v1')
    expect(() => multiaddrText(Buffer.from('c60101', 'hex'))).toThrow('protocol 198')
  })

  it('reads a frame of yamux', () => {
    const frame = readFrame(reader('00000005000000030000000268690000'))

    expect(frame).toEqual({ version: 0, type: TYPE.data, flags: 5, stream: 3, length: 2, data: Buffer.from('hi') })
    expect([FLAG.syn, FLAG.ack, FLAG.fin, FLAG.rst].map((flag) => has(frame, flag))).toEqual([true, false, true, false])
  })

  it('reads the certificate of the specification, and the peer ID that it gives', () => {
    const { publicKey } = readSignedKey(Buffer.from(ED25519_CERTIFICATE, 'hex'))

    expect(peerIdText(new PublicKey(publicKey).peerId)).toBe('12D3KooWM6CgA9iBFZmcYAHA6A2qvbAxqfkmrYiRQuz3XEsk4Ksv')
    expect(isSigned(ED25519_CERTIFICATE)).toBe(true)
  })

  it('tells the certificate of the specification that another key has signed', () => {
    expect(isSigned(MISMATCHED_CERTIFICATE)).toBe(false)
  })

  it('refuses a certificate without the extension of libp2p', () => {
    expect(() => readSignedKey(Buffer.from(ED25519_CERTIFICATE.replace('2b0601040183a25a0101', '2b0601040183a25a0102'), 'hex'))).toThrow('there 0 times')
  })

  it('writes leading zeros of a peer ID as ones', () => {
    expect(peerIdText(Buffer.from('00000102', 'hex'))).toBe('115T')
    expect(peerIdText(Buffer.alloc(0))).toBe('')
  })
})
