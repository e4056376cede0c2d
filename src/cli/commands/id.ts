import { rename } from 'node:fs/promises'
import { Deadline, raceSignal } from '../../base/index.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { ReplyTimeout } from '../failure.ts'
import { defaultKeyFile, exists } from '../key-file.ts'
import { UsageError } from '../usage-error.ts'
import { oneOf, wholeNumber } from '../value-types.ts'
import type { Identity, IdentityType } from '../../identity/index.ts'
import type { Flag, One } from '../arguments.ts'
import type { CommandContext } from '../command.ts'

const OPTIONS = {
  type: { kind: 'one', value: '<type>', type: oneOf<IdentityType>('Ed25519', 'RSA'), help: 'of a new key: Ed25519 (the default) or RSA' } as One<IdentityType>,
  bits: { kind: 'one', value: '<n>', type: wholeNumber(2048, 8192), help: 'of a new RSA key' } as One<number>,
  new: { kind: 'flag', help: 'make a new key even if there is one, and keep the old one beside it' } as Flag
} as const

type IdContext = CommandContext<typeof OPTIONS>

interface Found {
  identity: Identity
  /** Whether the key was made just now. */
  created: boolean
  /** Where the key went that was in the file before. */
  oldFile?: string
}

export const id = defineCommand({
  name: 'id',
  summary: 'Show the peer ID of a key file, and make the key if there is none',
  usage: '',
  description: [
    'Prints the peer ID in both of its textual forms, the type of its key, and the file that holds it. Without --key that is $XDG_DATA_HOME/swarmd/key, or ~/.local/share/swarmd/key. A file that is not there is made, readable by its owner alone.'
  ],
  examples: [
    'swarmd id',
    'swarmd id --key ./alice.key --type RSA --bits 3072',
    'swarmd id --json | jq -r .peer'
  ],
  options: OPTIONS,

  async run (context) {
    const { formatPeerId } = await import('../../identity/index.ts')
    const { output, options, clock, signal } = context
    const file = options.key ?? defaultKeyFile(context)

    checkOptions(context)

    // an RSA key of many bits can take a while to find
    using deadline = new Deadline({
      clock,
      signal,
      timeoutMs: options.timeout ?? Infinity,
      onTimeout: () => new ReplyTimeout('finding a key', options.timeout ?? Infinity)
    })

    const { identity, created, oldFile } = await raceSignal(findOrCreate(file, context), deadline.signal)
    const peer = identity.peerId.toString()
    const cid = formatPeerId(identity.peerId, 'cid')
    const { type } = identity.privateKey

    await output.result('id', { peer, cid, type, file, created, ...(oldFile == null ? {} : { oldFile }) }, [
      `peer ID  ${peer}`,
      `as CID   ${cid}`,
      `key      ${type}${created ? ', new' : ''}`,
      `file     ${file}`,
      ...(oldFile == null ? [] : [`old key  ${oldFile}`])
    ].join('\n'))

    return EXIT.ok
  }
})

function checkOptions ({ command, options: { type, bits } }: IdContext): void {
  if (bits != null && type !== 'RSA') {
    throw new UsageError('--bits goes with --type RSA: keys of other types have one size', command)
  }
}

async function findOrCreate (file: string, context: IdContext): Promise<Found> {
  const { loadIdentity, loadOrCreateIdentity } = await import('../../identity/index.ts')
  const { type, bits, new: isNew } = context.options

  if (!await exists(file)) {
    return { identity: await loadOrCreateIdentity(file, { type, bits }), created: true }
  }

  const identity = await loadIdentity(file)

  if (isNew) {
    return replace(file, identity, context)
  }

  checkSame(identity, file, context)

  return { identity, created: false }
}

/** The old key is kept: whoever has lost it is another peer for ever. */
async function replace (file: string, { peerId }: Identity, { options: { type, bits } }: IdContext): Promise<Found> {
  const { generateIdentity, saveIdentity } = await import('../../identity/index.ts')
  const identity = await generateIdentity({ type, bits })
  const oldFile = `${file}.${peerId.toString()}`

  await rename(file, oldFile)

  try {
    await saveIdentity(file, identity)
  } catch (error) {
    await rename(oldFile, file)
    throw error
  }

  return { identity, created: true, oldFile }
}

/** A key is not replaced because somebody says what it should be. */
function checkSame ({ privateKey }: Identity, file: string, { command, options: { type } }: IdContext): void {
  if (type != null && type !== privateKey.type) {
    throw new UsageError(`the key in ${file} is of type ${privateKey.type}; --new makes one of type ${type} and keeps the old one beside it`, command)
  }
}
