import { OID } from './constants.ts'
import { contextTag, DerError, DerReader, TAG } from './der.ts'

/** What we ask a certificate; tls 5.2. The rest is OpenSSL's to check. */
export interface CertificateParts {
  /** SubjectPublicKeyInfo, as it is in the certificate. */
  publicKeyInfo: Uint8Array
  extensions: Extension[]
  signedKey: SignedKey
}

export interface Extension {
  /** The contents of its object identifier. */
  id: Uint8Array
  isCritical: boolean
  value: Uint8Array
}

/** The contents of the libp2p Public Key Extension; tls 4.3. */
export interface SignedKey {
  publicKey: Uint8Array
  signature: Uint8Array
}

/** @throws DerError */
export function readCertificate (bytes: Uint8Array): CertificateParts {
  const outer = new DerReader(bytes)
  const certificate = outer.enter(TAG.sequence)
  const body = certificate.enter(TAG.sequence)

  outer.assertEnd()
  body.read(contextTag(0)) // version
  body.read(TAG.integer) // serial number
  body.read(TAG.sequence) // algorithm of the signature
  body.read(TAG.sequence) // issuer
  body.read(TAG.sequence) // validity
  body.read(TAG.sequence) // subject

  const publicKeyInfo = body.readWhole(TAG.sequence)
  // which is where the unique IDs would be that a certificate must not have
  const list = body.enter(contextTag(3))
  const extensions = readExtensions(list.enter(TAG.sequence))

  list.assertEnd()
  body.assertEnd()

  return { publicKeyInfo, extensions, signedKey: findSignedKey(extensions) }
}

function readExtensions (list: DerReader): Extension[] {
  const extensions: Extension[] = []

  while (!list.isAtEnd) {
    const extension = list.enter(TAG.sequence)
    const id = extension.read(TAG.oid)
    const isCritical = extension.isNext(TAG.boolean) && extension.read(TAG.boolean).some((byte) => byte !== 0)
    const value = extension.read(TAG.octetString)

    extension.assertEnd()
    extensions.push({ id, isCritical, value })
  }

  return extensions
}

function findSignedKey (extensions: Extension[]): SignedKey {
  const [extension, ...others] = extensions.filter(({ id }) => Buffer.compare(id, OID.libp2pPublicKey) === 0)

  if (extension == null || others.length > 0) {
    throw new DerError(`wanted one libp2p Public Key Extension, received ${others.length + (extension == null ? 0 : 1)}`)
  }

  const outer = new DerReader(extension.value)
  const signedKey = outer.enter(TAG.sequence)
  const publicKey = signedKey.read(TAG.octetString)
  const signature = signedKey.read(TAG.octetString)

  signedKey.assertEnd()
  outer.assertEnd()

  return { publicKey, signature }
}
