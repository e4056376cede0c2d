import { ECHO_PROTOCOL } from '../protocols.ts'
import { NodeFailure } from './node-process.ts'
import { ADDRESSES_PROTOCOL, NEWER_TIME_PROTOCOL, TIME_PROTOCOL } from './protocols.ts'
import { shortPeer } from './transcript.ts'
import type { Cast, Name } from './cast.ts'
import type { NodeProcess } from './node-process.ts'
import type { Transcript } from './transcript.ts'
import type { Acquaintance, Dialled } from './wire.ts'
import type { Clock } from '../../base/index.ts'

/** From 1 to 100000. */
const NUMBERS_WITH_7 = '40951'

interface Scene {
  cast: Cast
  transcript: Transcript
  clock: Clock
}

interface Trio {
  alice: NodeProcess
  bob: NodeProcess
  carol: NodeProcess
}

/** From three processes that know nothing of each other to a peer that was lost and found again. */
export async function tell (scene: Scene): Promise<void> {
  const trio = await startNodes(scene)

  await learnAddresses(scene, trio)
  await dialByPeerId(scene, trio)
  await talk(scene, trio)
  await runPipeline(scene, trio)
  await loseBob(scene, trio)
  await backOff(scene, trio)
  await findBobAgain(scene, trio)
  await closeAll(scene)
}

async function startNodes ({ cast, transcript }: Scene): Promise<Trio> {
  await transcript.next('Three nodes start', 'Each is a process with a key file of its own; its peer ID is made from that key.')

  const names: Name[] = ['alice', 'bob', 'carol']
  const [alice, bob, carol] = await Promise.all(names.map((name) => cast.start(name)))

  if (alice == null || bob == null || carol == null) {
    throw new Error('a node is missing')
  }

  for (const { name, peer, pid, address } of [alice, bob, carol]) {
    await transcript.say(name, 'started', { peer, pid, address }, peer, `process ${pid}, listens on ${address}`)
  }

  return { alice, bob, carol }
}

async function learnAddresses ({ transcript }: Scene, { alice, bob, carol }: Trio): Promise<void> {
  await transcript.next('They learn where the others are', 'alice and bob know one address, that of carol. They dial it, leave their own,', `and get those of everybody whom carol knows (${ADDRESSES_PROTOCOL}).`)

  // bob twice: when he came first, carol knew nobody yet
  for (const node of [bob, alice, bob]) {
    await node.call('meet', { address: carol.address })
  }

  for (const node of [alice, bob]) {
    const known = await node.call('meet', { address: carol.address })
    const names = known.map((acquaintance) => nameOf(acquaintance, [alice, bob, carol]))

    expectThat(names.includes('carol') && names.length === 2, `${node.name} knows two peers, but knows ${names.join(' and ')}`)
    await transcript.say(node.name, 'knows', { peers: known }, ...known.map(({ peer, addresses }, index) => `${index === 0 ? 'knows ' : '      '}${names[index] ?? ''} as ${shortPeer(peer)} at ${addresses.join(', ')}`))
  }
}

async function dialByPeerId ({ transcript }: Scene, { alice, bob }: Trio): Promise<void> {
  await transcript.next('alice dials bob by his peer ID', 'She says whom she wants; the swarm finds where that is, and makes sure that it is him.')
  await transcript.say('alice', 'dials', { peer: bob.peer }, `dial('${bob.peer}')`)

  await sayConnected(transcript, await alice.call('dial', { peer: bob.peer }))
}

async function talk ({ transcript }: Scene, trio: Trio): Promise<void> {
  const { alice, bob } = trio

  await transcript.next('Echo, over a stream', 'A stream is for one protocol, and many share the connection.')
  await echo(transcript, trio, 'hello bob')

  const protocols = [NEWER_TIME_PROTOCOL, TIME_PROTOCOL]
  const request = { what: 'time' }

  await transcript.next('Request and response, over a negotiated stream', 'alice offers two protocols, the newer one first; bob takes the one that he speaks.')
  await transcript.say('alice', 'offers', { protocols }, `offers ${protocols.join(', ')}`)

  const { protocol, response } = await alice.call('ask', { peer: bob.peer, protocols, request })

  expectThat(protocol === TIME_PROTOCOL, `bob takes ${TIME_PROTOCOL}, but took ${protocol}`)
  await transcript.say('bob', 'takes', { protocol }, `takes  ${protocol}`)
  await transcript.say('alice > bob', 'request', { protocol, request }, JSON.stringify(request))
  await transcript.say('alice < bob', 'response', { protocol, response }, JSON.stringify(response))
}

async function echo (transcript: Transcript, { alice, bob }: Trio, text: string): Promise<void> {
  const answer = await alice.call('echo', { peer: bob.peer, text })

  expectThat(answer.text === text && answer.protocol === ECHO_PROTOCOL, `bob echoes '${text}', but sent '${answer.text}'`)
  await transcript.say('alice > bob', 'sent', { protocol: answer.protocol, text }, `${answer.protocol}  "${text}"`)
  await transcript.say('alice < bob', 'echoed', { protocol: answer.protocol, text: answer.text }, `${answer.protocol}  "${answer.text}"`)
}

async function runPipeline ({ transcript }: Scene, { alice, bob, carol }: Trio): Promise<void> {
  await transcript.next('A pipeline, across three peers', 'bob and carol let alice run commands, and nobody else. She has bob count, carol select, and', 'counts what is left: bytes go from stage to stage, and each tells how it ended.')

  for (const node of [bob, carol]) {
    await node.call('offer', { backend: 'exec', peers: [alice.peer] })
    await transcript.say(node.name, 'offers', { backend: 'exec', allow: [alice.peer] }, "offers the backend 'exec' to alice")
  }

  const stagesAt = (where: (node: NodeProcess) => string): string[] => [`exec seq 1 100000 @${where(bob)}`, `exec grep 7 @${where(carol)}`, 'exec wc -l']
  const lines = stagesAt(({ peer }) => peer)

  await transcript.say('alice', 'runs', { lines }, `swarmd run ${stagesAt(({ name }) => name).map((line) => `'${line}'`).join(' ')}`)

  const { output, code, stages } = await alice.call('run', { lines })

  expectThat(output.trim() === NUMBERS_WITH_7 && code === 0, `there are ${NUMBERS_WITH_7} numbers with a 7, but it printed '${output.trim()}' and exited with ${code}`)
  await transcript.say('alice', 'ended', { output: output.trim(), code, stages }, `prints ${output.trim()}`, `exit status ${code}, of the stages ${stages.join(', ')}`)

  const refused = await failure(carol.call('run', { lines: [`exec true @${bob.peer}`] }), 'PermissionDenied')

  await transcript.fail('carol > bob', 'refused', { code: refused.code, message: refused.message }, 'tries the same, and is refused:', refused.message)
}

async function loseBob ({ transcript }: Scene, { alice, bob }: Trio): Promise<void> {
  await transcript.next('bob is killed, and alice dials him', 'SIGKILL: bob says no goodbye. The error names every address that was tried, and why it failed.')

  bob.kill()

  const { signal } = await bob.exited

  await transcript.say('bob', 'killed', { signal }, `process ${bob.pid} is gone (${signal ?? 'no signal'})`)

  const { reason } = await alice.event('disconnected', bob.peer)

  await transcript.say('alice', 'disconnected', { peer: bob.peer, reason }, `noticed: the connection to bob was ${reason}`)

  await sayFailed(transcript, await failedDial(alice, bob, 'AllDialsFailed'))
}

async function backOff ({ transcript, clock }: Scene, { alice, bob }: Trio): Promise<void> {
  await transcript.next('alice dials again at once', 'An address that has just failed is left alone for a while: nothing is sent. The error says until when.')

  const failure = await failedDial(alice, bob, 'DialBackoff')
  const { retryAt = 0 } = failure

  expectThat(retryAt > clock.now(), 'the error says when to retry')
  await sayFailed(transcript, failure)
}

async function findBobAgain ({ cast, transcript }: Scene, { alice, bob, carol }: Trio): Promise<void> {
  await transcript.next('bob comes back, and alice reconnects', 'The same key file gives the same peer ID, so whoever knew bob still knows him.')

  const again = await cast.start('bob', bob.address)

  expectThat(again.peer === bob.peer, 'bob has the same peer ID')
  await transcript.say('bob', 'started', { peer: again.peer, pid: again.pid, address: again.address }, `process ${again.pid}, ${shortPeer(again.peer)} again, listens on ${again.address}`)

  const dialled = await alice.call('dial', { peer: bob.peer, patient: true })

  await transcript.say('alice', 'waited', { waitedMs: dialled.waitedMs }, dialled.waitedMs > 0 ? `waits ${(dialled.waitedMs / 1000).toFixed(1)} s for the backoff to end, then dials` : 'dials: the backoff is over by now')
  await sayConnected(transcript, dialled)
  await echo(transcript, { alice, bob: again, carol }, 'welcome back')
}

async function closeAll ({ cast, transcript }: Scene): Promise<void> {
  await transcript.next('All three close')

  for (const node of cast.nodes) {
    const { code, signal } = await node.close()

    expectThat(code === 0, `${node.name} exits 0, but ended by ${signal ?? `exit code ${code}`}`)
    await transcript.say(node.name, 'closed', { exitCode: code }, 'exit code 0')
  }
}

/** Dials a peer that is not there. */
async function failedDial (from: NodeProcess, to: NodeProcess, code: string): Promise<NodeFailure> {
  return failure(from.call('dial', { peer: to.peer }), code)
}

/** What went wrong with something that has to. */
async function failure (attempt: Promise<unknown>, code: string): Promise<NodeFailure> {
  try {
    await attempt
  } catch (error) {
    if (error instanceof NodeFailure && error.code === code) {
      return error
    }

    throw error
  }

  throw new Error(`expected ${code}, and it went well`)
}

async function sayFailed (transcript: Transcript, { code = '', message, retryAt }: NodeFailure): Promise<void> {
  await transcript.fail('alice > bob', 'dialFailed', { code, message, ...(retryAt == null ? {} : { retryAt }) }, `fails with ${code}:`, message)
}

async function sayConnected (transcript: Transcript, { address, encryption, multiplexer, durationMs }: Dialled): Promise<void> {
  await transcript.say('alice > bob', 'connected', { address, encryption, multiplexer, durationMs }, `connected in ${durationMs.toFixed(0)} ms via ${address.replace(/\/p2p\/.*/, '')} (${encryption}, ${multiplexer})`)
}

function nameOf ({ peer }: Acquaintance, nodes: NodeProcess[]): string {
  return nodes.find((node) => node.peer === peer)?.name ?? shortPeer(peer)
}

function expectThat (condition: boolean, what: string): asserts condition {
  if (!condition) {
    throw new Error(`expected that ${what}`)
  }
}
