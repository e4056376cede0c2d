import { execFile } from 'node:child_process'
import { chmod, link, lstat, mkdir, mkdtemp, open, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isCoded } from '../../src/base/index.ts'
import { encodePrivateKey, generateIdentity, loadIdentity, loadOrCreateIdentity, MAX_KEY_FILE_BYTES, saveIdentity } from '../../src/identity/index.ts'
import { ED25519_PRIVATE_KEY, SECP256K1_PRIVATE_KEY } from './spec-vectors.ts'
import type { ErrorCode } from '../../src/base/index.ts'
import type { FileHandle } from 'node:fs/promises'

const CHILD = fileURLToPath(new URL('create-identity-child.ts', import.meta.url))
const run = promisify(execFile)

let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmd-identity-'))
  path = join(folder, 'key')
})

afterEach(async () => {
  vi.restoreAllMocks()
  await rm(folder, { recursive: true, force: true })
})

async function writeKey (bytes: Uint8Array | string, mode = 0o600): Promise<void> {
  await writeFile(path, typeof bytes === 'string' ? Buffer.from(bytes, 'hex') : bytes)
  await chmod(path, mode)
}

async function refusal (work: Promise<unknown>, code: ErrorCode): Promise<Error> {
  const error = await work.then(() => { throw new Error('it was accepted') }, (thrown: Error) => thrown)

  expect(error.message).not.toBe('it was accepted')
  expect(isCoded(error, code)).toBe(true)

  return error
}

function systemCode (error: Error): unknown {
  return (error.cause as NodeJS.ErrnoException).code
}

/** The prototype of all file handles, to make the disk fail. */
async function fileHandle (): Promise<FileHandle> {
  const handle = await open(folder)

  await handle.close()

  return Object.getPrototypeOf(handle) as FileHandle
}

describe('saveIdentity and loadIdentity', () => {
  it.each([{ type: 'Ed25519' }, { type: 'RSA' }] as const)('give an identity of $type back', async (options) => {
    const identity = await generateIdentity(options)

    await saveIdentity(path, identity)
    const loaded = await loadIdentity(path)

    expect(loaded.peerId.equals(identity.peerId)).toBe(true)
    expect(loaded.privateKey.equals(identity.privateKey)).toBe(true)
  })

  it('keep the protobuf that other implementations keep, and nothing else', async () => {
    const identity = await generateIdentity()

    await saveIdentity(path, identity)

    expect([...await readFile(path)]).toEqual([...encodePrivateKey(identity.privateKey)])
  })

  it('read a file that another implementation wrote', async () => {
    await writeKey(ED25519_PRIVATE_KEY)

    const { privateKey } = await loadIdentity(path)

    expect(Buffer.from(encodePrivateKey(privateKey)).toString('hex')).toBe(ED25519_PRIVATE_KEY)
  })

  it('follow a symbolic link', async () => {
    await writeKey(ED25519_PRIVATE_KEY)
    await symlink(path, join(folder, 'link'))

    await expect(loadIdentity(join(folder, 'link'))).resolves.toHaveProperty('publicKey')
  })
})

describe('saveIdentity', () => {
  it('lets nobody but the owner read and write the file, whatever the umask', async () => {
    const before = process.umask(0o777)

    try {
      await saveIdentity(path, await generateIdentity())
    } finally {
      process.umask(before)
    }

    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('leaves nothing but the file', async () => {
    await saveIdentity(path, await generateIdentity())

    expect(await readdir(folder)).toEqual(['key'])
  })

  it('leaves a file that is there as it is', async () => {
    await writeKey(ED25519_PRIVATE_KEY)

    const error = await refusal(saveIdentity(path, await generateIdentity()), 'InvalidKeyFile')

    expect(error.message).toBe(`the key file ${path} exists already; pass { overwrite: true } to replace it`)
    expect(systemCode(error)).toBe('EEXIST')
    expect(await readFile(path, 'hex')).toBe(ED25519_PRIVATE_KEY)
    expect(await readdir(folder)).toEqual(['key'])
  })

  it('replaces a file when told to, and its rights with it', async () => {
    const identity = await generateIdentity()

    await writeKey(ED25519_PRIVATE_KEY, 0o644)
    await saveIdentity(path, identity, { overwrite: true })

    expect((await loadIdentity(path)).peerId.equals(identity.peerId)).toBe(true)
    expect(await readdir(folder)).toEqual(['key'])
  })

  it('never writes into a file that is there: who holds the old one open keeps the old one', async () => {
    await writeKey(ED25519_PRIVATE_KEY)
    await link(path, join(folder, 'held'))

    await saveIdentity(path, await generateIdentity(), { overwrite: true })

    expect(await readFile(join(folder, 'held'), 'hex')).toBe(ED25519_PRIVATE_KEY)
  })

  it('puts a file in place of a symbolic link', async () => {
    await writeFile(join(folder, 'target'), 'theirs')
    await symlink(join(folder, 'target'), path)

    await saveIdentity(path, await generateIdentity(), { overwrite: true })

    expect((await lstat(path)).isFile()).toBe(true)
    expect(await readFile(join(folder, 'target'), 'utf8')).toBe('theirs')
  })

  it.each(['writeFile', 'sync', 'chmod'] as const)('leaves the old file and nothing else when %s fails', async (method) => {
    const identity = await generateIdentity()

    await writeKey(ED25519_PRIVATE_KEY)
    vi.spyOn(await fileHandle(), method).mockRejectedValueOnce(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }))
    const error = await refusal(saveIdentity(path, identity, { overwrite: true }), 'InvalidKeyFile')

    expect(error.message).toBe(`cannot write the key file ${path}: EIO: i/o error`)
    expect(await readFile(path, 'hex')).toBe(ED25519_PRIVATE_KEY)
    expect(await readdir(folder)).toEqual(['key'])
  })

  it('has the file on the disk before it has its name, and then the name', async () => {
    const synced: string[][] = []
    const identity = await generateIdentity()

    vi.spyOn(await fileHandle(), 'sync').mockImplementation(async () => { synced.push(await readdir(folder)) })
    await saveIdentity(path, identity)

    expect(synced).toEqual([[expect.stringMatching(/^\.swarmd-key-\w+\.tmp$/)], ['key']])
  })

  it('does without flushing the folder where file systems cannot', async () => {
    const prototype = await fileHandle()
    const sync = vi.spyOn(prototype, 'sync')
    const identity = await generateIdentity()

    sync.mockResolvedValueOnce()
    sync.mockRejectedValueOnce(Object.assign(new Error('EINVAL: invalid argument'), { code: 'EINVAL' }))
    await saveIdentity(path, identity)

    expect(sync).toHaveBeenCalledTimes(2)
  })

  it('says so when flushing the folder fails', async () => {
    const sync = vi.spyOn(await fileHandle(), 'sync')
    const identity = await generateIdentity()

    sync.mockResolvedValueOnce()
    sync.mockRejectedValueOnce(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }))
    const error = await refusal(saveIdentity(path, identity), 'InvalidKeyFile')

    expect(systemCode(error)).toBe('EIO')
  })

  it('leaves nothing behind when the target is a folder', async () => {
    await mkdir(path)

    const error = await refusal(saveIdentity(path, await generateIdentity(), { overwrite: true }), 'InvalidKeyFile')

    expect(systemCode(error)).toBe('EISDIR')
    expect(await readdir(folder)).toEqual(['key'])
    expect(await readdir(path)).toEqual([])
  })

  it('makes no folders', async () => {
    const error = await refusal(saveIdentity(join(folder, 'none', 'key'), await generateIdentity()), 'InvalidKeyFile')

    expect(systemCode(error)).toBe('ENOENT')
    expect(await readdir(folder)).toEqual([])
  })

  it('refuses a key that could not be loaded again', async () => {
    const privateKey = await generateKeyPair('secp256k1')

    await expect(saveIdentity(path, { ...await generateIdentity(), privateKey })).rejects.toThrow(TypeError)
    expect(await readdir(folder)).toEqual([])
  })
})

describe('loadIdentity', () => {
  it.each(['0640', '0644', '0660', '0604', '0602', '0620', '0777', '0610'])('refuses a file of mode %s, and says how to mend it', async (mode) => {
    await writeKey(ED25519_PRIVATE_KEY, parseInt(mode, 8))

    const error = await refusal(loadIdentity(path), 'UnsafeKeyFile')

    expect(error.message)
      .toBe(`the key file ${path} must be its owner's alone, mode 0600, and has mode ${mode}; to mend it: chmod 600 ${path}`)
  })

  it.each(['0600', '0400', '0700'])('takes a file of mode %s', async (mode) => {
    await writeKey(ED25519_PRIVATE_KEY, parseInt(mode, 8))

    await expect(loadIdentity(path)).resolves.toHaveProperty('peerId')
  })

  it('gives a command that works for any name of a file', async () => {
    path = join(folder, "my $(key) isn't; here")
    await writeKey(ED25519_PRIVATE_KEY, 0o644)

    const { message } = await refusal(loadIdentity(path), 'UnsafeKeyFile')
    await run('sh', ['-c', message.slice(message.indexOf('chmod'))])

    await expect(loadIdentity(path)).resolves.toHaveProperty('peerId')
  })

  it('says how to make a file that is missing', async () => {
    const error = await refusal(loadIdentity(path), 'InvalidKeyFile')

    expect(error.message).toBe(`there is no key file ${path}; loadOrCreateIdentity makes one, and saveIdentity writes one`)
    expect(systemCode(error)).toBe('ENOENT')
  })

  it.each([
    ['empty', new Uint8Array(0), 'received no bytes'],
    ['text', new TextEncoder().encode('-----BEGIN PRIVATE KEY-----\n'), 'received 28 bytes that begin like no key'],
    ['cut short', Buffer.from(ED25519_PRIVATE_KEY, 'hex').subarray(0, 50), 'received 50 bytes that are no such key'],
    ['of another type', Buffer.from(SECP256K1_PRIVATE_KEY, 'hex'), 'of the types Ed25519 and RSA, received one of type secp256k1']
  ])('refuses a file that is %s', async (_, bytes, why) => {
    await writeKey(bytes)

    const error = await refusal(loadIdentity(path), 'InvalidKeyFile')

    expect(error.message).toContain(`the key file ${path} is of no use: wanted a libp2p private key`)
    expect(error.message).toContain(why)
    expect(isCoded(error.cause, 'InvalidKeyFile')).toBe(true)
  })

  it('refuses an RSA key that is too short', async () => {
    const key = await generateKeyPair('RSA', 1024)

    await writeKey(privateKeyToProtobuf(key))

    await refusal(loadIdentity(path), 'InvalidKeyFile')
  })

  it('reads no more of a large file than a key could have', async () => {
    await writeKey(new Uint8Array(4 * MAX_KEY_FILE_BYTES))
    const read = vi.spyOn(await fileHandle(), 'read')

    const error = await refusal(loadIdentity(path), 'InvalidKeyFile')

    expect(error.message).toBe(`the key file ${path} has more than 16384 bytes, and no key has`)
    expect(read.mock.calls.map(([buffer]) => (buffer as unknown as Uint8Array).length)).toEqual([16_385])
  })

  it('refuses a folder', async () => {
    await mkdir(path, { mode: 0o700 })

    expect((await refusal(loadIdentity(path), 'InvalidKeyFile')).message).toBe(`the key file ${path} is no regular file`)
  })

  it('refuses a pipe without waiting for somebody to write', async () => {
    await run('mkfifo', ['-m', '600', path])

    expect((await refusal(loadIdentity(path), 'InvalidKeyFile')).message).toBe(`the key file ${path} is no regular file`)
  })

  it('keeps the cause when reading fails', async () => {
    await writeKey(ED25519_PRIVATE_KEY)
    vi.spyOn(await fileHandle(), 'read').mockRejectedValueOnce(Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' }))

    const error = await refusal(loadIdentity(path), 'InvalidKeyFile')

    expect(error.message).toBe(`cannot read the key file ${path}: EIO: i/o error, read`)
    expect(systemCode(error)).toBe('EIO')
  })
})

describe('loadOrCreateIdentity', () => {
  it('makes a file the first time, and loads it from then on', async () => {
    const made = await loadOrCreateIdentity(path)
    const loaded = await loadOrCreateIdentity(path)

    expect(loaded.peerId.equals(made.peerId)).toBe(true)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('makes the type that is asked for, and loads whatever is there', async () => {
    const made = await loadOrCreateIdentity(path, { type: 'RSA' })
    const loaded = await loadOrCreateIdentity(path, { type: 'Ed25519' })

    expect(made.privateKey.type).toBe('RSA')
    expect(loaded.peerId.equals(made.peerId)).toBe(true)
  })

  it('makes the folders above, for the owner alone', async () => {
    path = join(folder, 'a', 'b', 'key')

    await loadOrCreateIdentity(path)

    expect((await stat(join(folder, 'a'))).mode & 0o777).toBe(0o700)
    expect((await stat(join(folder, 'a', 'b'))).mode & 0o777).toBe(0o700)
  })

  it('gives 20 callers at once the same identity', async () => {
    const identities = await Promise.all(Array.from({ length: 20 }, async () => loadOrCreateIdentity(path)))

    expect(new Set(identities.map(({ peerId }) => peerId.toString())).size).toBe(1)
    expect((await loadIdentity(path)).peerId.toString()).toBe(identities[0]?.peerId.toString())
    expect(await readdir(folder)).toEqual(['key'])
  })

  it('gives processes that start together the same identity', async () => {
    const children = await Promise.all(Array.from({ length: 3 }, async () => run(process.execPath, [CHILD, path, '5'])))
    const peers = new Set(children.flatMap(({ stdout }) => stdout.trim().split('\n')))

    expect(peers).toEqual(new Set([(await loadIdentity(path)).peerId.toString()]))
    expect(await readdir(folder)).toEqual(['key'])
  })

  it('touches no file that is of no use', async () => {
    await writeKey('00')

    await refusal(loadOrCreateIdentity(path), 'InvalidKeyFile')

    expect(await readFile(path, 'hex')).toBe('00')
  })

  it('touches no file that others may read', async () => {
    await writeKey(ED25519_PRIVATE_KEY, 0o644)

    await refusal(loadOrCreateIdentity(path), 'UnsafeKeyFile')

    expect(await readFile(path, 'hex')).toBe(ED25519_PRIVATE_KEY)
  })

  it('checks its options even when there is nothing to make', async () => {
    await writeKey(ED25519_PRIVATE_KEY)

    await expect(loadOrCreateIdentity(path, { type: 'RSA', bits: 1024 })).rejects.toThrow(RangeError)
  })

  it('gives up on a link to nowhere', async () => {
    await symlink(join(folder, 'nowhere'), path)

    const error = await refusal(loadOrCreateIdentity(path), 'InvalidKeyFile')

    expect(error.message).toContain('is it a broken link?')
    expect(await readdir(folder)).toEqual(['key'])
  })

  it('says so when a file is where a folder should be', async () => {
    await writeFile(join(folder, 'file'), '')

    const error = await refusal(loadOrCreateIdentity(join(folder, 'file', 'key')), 'InvalidKeyFile')

    expect(systemCode(error)).toBe('ENOTDIR')
  })
})
