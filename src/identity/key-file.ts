import { constants } from 'node:fs'
import { link, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CodedError, systemRandom, toError } from '../base/index.ts'
import { decodePrivateKey, encodePrivateKey, generateIdentity, identityFromPrivateKey, MAX_KEY_FILE_BYTES, resolveIdentityOptions } from './identity.ts'
import type { Identity, IdentityOptions } from './identity.ts'
import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'

export interface SaveIdentityOptions {
  /** Takes the place of a file that is there, instead of failing. @default false */
  overwrite?: boolean
}

const OWNER_ONLY = 0o600
const OWNER_ONLY_FOLDER = 0o700
const OTHERS = 0o077
const PERMISSIONS = 0o777

/** Times that `loadOrCreateIdentity` finds no file, and then cannot create it because there is one. */
const MAX_CREATE_ATTEMPTS = 3

/** Names tried for a temporary file before giving up. */
const MAX_TEMPORARY_NAMES = 8

/** What file systems answer that cannot flush a folder; they need not. */
const CANNOT_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EPERM', 'EISDIR', 'EACCES'])

/** Modes mean little on Windows, where Node makes them up, and where folders cannot be opened. */
const HAS_MODES = process.platform !== 'win32'

/**
 * Reads the private key in a file: the bytes of `encodePrivateKey`, as go-libp2p writes them too.
 *
 * The file must be the owner's alone, without any right for group or others. That is checked on
 * POSIX systems only.
 *
 * @throws CodedError UnsafeKeyFile when others may read or change the file
 * @throws CodedError InvalidKeyFile when it holds no key that we support, and when it cannot be
 * read; the `cause` then has the system's code, as ENOENT
 */
export async function loadIdentity (path: string): Promise<Identity> {
  const bytes = await readKeyFile(path)

  try {
    return identityFromPrivateKey(await decodePrivateKey(bytes))
  } catch (cause) {
    throw invalid(`the key file ${path} is of no use: ${toError(cause).message}`, cause)
  }
}

/**
 * Writes the private key to a file that only its owner may read and write.
 *
 * All or nothing: readers see the old file, or none, until the new one is complete and on the disk,
 * and a file that is there stays as it is when anything fails. In place of a symbolic link comes a
 * file. The file system must know hard links, unless `overwrite` is set.
 *
 * @throws CodedError InvalidKeyFile when there is such a file already, and when it cannot be
 * written; the `cause` has the system's code, as EEXIST
 */
export async function saveIdentity (path: string, identity: Identity, { overwrite = false }: SaveIdentityOptions = {}): Promise<void> {
  const bytes = encodePrivateKey(identity.privateKey)

  try {
    await publish(bytes, path, overwrite)
  } catch (cause) {
    throw systemCode(cause) === 'EEXIST'
      ? invalid(`the key file ${path} exists already; pass { overwrite: true } to replace it`, cause)
      : invalid(`cannot write the key file ${path}: ${toError(cause).message}`, cause)
  }
}

/**
 * Loads the identity in a file, and makes one if there is no such file, with the folders above it.
 * The options are for making: a file that is there is taken whatever its type.
 *
 * Any number of callers and processes may do so at once: one of them makes the file, and all get
 * the identity in it.
 *
 * @throws as `loadIdentity`, `saveIdentity` and `generateIdentity`
 */
export async function loadOrCreateIdentity (path: string, options: IdentityOptions = {}): Promise<Identity> {
  resolveIdentityOptions(options)

  for (let attempt = 0; attempt < MAX_CREATE_ATTEMPTS; attempt++) {
    const identity = await loadIfThere(path) ?? await createIfMissing(path, options)

    if (identity != null) {
      return identity
    }
  }

  throw invalid(`the key file ${path} can neither be read, as it is missing, nor be made, as it exists; is it a broken link?`)
}

async function loadIfThere (path: string): Promise<Identity | undefined> {
  try {
    return await loadIdentity(path)
  } catch (error) {
    return undefinedIf('ENOENT', error)
  }
}

async function createIfMissing (path: string, options: IdentityOptions): Promise<Identity | undefined> {
  const identity = await generateIdentity(options)

  try {
    await makeFolder(dirname(path))
    await saveIdentity(path, identity)
    return identity
  } catch (error) {
    return undefinedIf('EEXIST', error)
  }
}

async function makeFolder (folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: OWNER_ONLY_FOLDER })
  } catch (cause) {
    // not as the cause itself: a file where a folder should be is EEXIST too
    throw invalid(`cannot make the folder ${folder} for the key file: ${toError(cause).message}`, new Error(toError(cause).message, { cause }))
  }
}

async function readKeyFile (path: string): Promise<Uint8Array> {
  try {
    // a pipe without a writer would hold the open for ever
    await using file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))

    // of the open file: what a path names may change between two looks
    assertSafe(path, await file.stat())

    return await readBounded(path, file)
  } catch (cause) {
    if (cause instanceof CodedError) {
      throw cause
    }

    throw systemCode(cause) === 'ENOENT'
      ? invalid(`there is no key file ${path}; loadOrCreateIdentity makes one, and saveIdentity writes one`, cause)
      : invalid(`cannot read the key file ${path}: ${toError(cause).message}`, cause)
  }
}

function assertSafe (path: string, stat: Stats): void {
  if (!stat.isFile()) {
    throw invalid(`the key file ${path} is no regular file`)
  }

  if (HAS_MODES && (stat.mode & OTHERS) !== 0) {
    const mode = (stat.mode & PERMISSIONS).toString(8).padStart(4, '0')

    throw new CodedError('UnsafeKeyFile', `the key file ${path} must be its owner's alone, mode 0600, and has mode ${mode}; to mend it: chmod 600 ${shellWord(path)}`)
  }
}

async function readBounded (path: string, file: FileHandle): Promise<Uint8Array> {
  const buffer = new Uint8Array(MAX_KEY_FILE_BYTES + 1)
  let length = 0

  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length)

    if (bytesRead === 0) {
      break
    }

    length += bytesRead
  }

  if (length > MAX_KEY_FILE_BYTES) {
    throw invalid(`the key file ${path} has more than ${MAX_KEY_FILE_BYTES} bytes, and no key has`)
  }

  return buffer.subarray(0, length)
}

async function publish (bytes: Uint8Array, path: string, overwrite: boolean): Promise<void> {
  const folder = dirname(path)
  const { file, temporary } = await createTemporary(folder)

  try {
    await fill(file, bytes)

    // a link fails where there is a file, and a rename replaces it: both are one step for readers
    await (overwrite ? rename(temporary, path) : link(temporary, path))
  } finally {
    await rm(temporary, { force: true })
  }

  await syncFolder(folder)
}

async function createTemporary (folder: string): Promise<{ file: FileHandle, temporary: string }> {
  for (let attempt = 1; ; attempt++) {
    // in the same folder, and so on the same file system: elsewhere neither link nor rename could reach it
    const temporary = join(folder, `.swarmd-key-${systemRandom().toString(36).slice(2)}.tmp`)

    try {
      return { file: await open(temporary, 'wx', OWNER_ONLY), temporary }
    } catch (error) {
      if (systemCode(error) !== 'EEXIST' || attempt === MAX_TEMPORARY_NAMES) {
        throw error
      }
    }
  }
}

async function fill (file: FileHandle, bytes: Uint8Array): Promise<void> {
  try {
    // the umask may have taken rights from the owner
    await file.chmod(OWNER_ONLY)
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Without it, a crash may take the name away from a file that is itself on the disk. */
async function syncFolder (folder: string): Promise<void> {
  try {
    await using handle = await open(folder, constants.O_RDONLY)

    await handle.sync()
  } catch (error) {
    if (!CANNOT_SYNC.has(systemCode(error) ?? '')) {
      throw error
    }
  }
}

/** Undefined when the system's code at the root of `error` is `code`; else throws `error`. */
function undefinedIf (code: string, error: unknown): undefined {
  if (error instanceof CodedError && systemCode(error.cause) === code) {
    return undefined
  }

  throw error
}

function systemCode (error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** `text` as one word of a POSIX shell. */
function shellWord (text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

function invalid (message: string, cause?: unknown): CodedError {
  return new CodedError('InvalidKeyFile', message, cause === undefined ? {} : { cause })
}
