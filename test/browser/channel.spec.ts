import { chromium } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { bundlePage, WebSite } from './web-site.ts'
import type { Scenarios } from './page.ts'
import type { Browser, Page } from 'playwright-core'

const MIB = 1024 * 1024

/** Nothing that leaves this machine, and no graphics. */
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

/** A tab that shows the site. */
class Visit implements AsyncDisposable {
  readonly site: WebSite
  readonly #browser: Browser
  readonly #page: Page
  readonly #errors: Error[] = []

  constructor (site: WebSite, browser: Browser, page: Page) {
    this.site = site
    this.#browser = browser
    this.#page = page
    page.on('pageerror', (error) => { this.#errors.push(error) })
  }

  static async begin (): Promise<Visit> {
    const site = await WebSite.open(await bundlePage())
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', headless: true, args: FLAGS })
    const page = await browser.newPage()
    const visit = new Visit(site, browser, page)

    await page.goto(site.pageUrl)
    await page.waitForFunction(() => 'scenarios' in globalThis)

    return visit
  }

  /** Runs a scenario of the page with the URL of the channels and `rest`. */
  async play (name: keyof Scenarios, ...rest: unknown[]): Promise<unknown> {
    return this.playAt(this.site.channelsUrl, name, ...rest)
  }

  async playAt (url: string, name: keyof Scenarios, ...rest: unknown[]): Promise<unknown> {
    return this.#page.evaluate(async ([name, args]) => {
      const { scenarios } = globalThis as unknown as { scenarios: Record<string, (...args: unknown[]) => unknown> }

      return scenarios[name]?.(...args)
    }, [name, [url, ...rest]] as const)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.#browser.close()
    await this.site[Symbol.asyncDispose]()
    expect(this.#errors, 'errors that the page handled nowhere').toEqual([])
  }
}

describe('channels in Chromium', () => {
  it('need nothing of Node, and not the package ws', async () => {
    const bundle = await bundlePage()

    expect(bundle.inputs).toContain('src/channel/browser.ts')
    expect(bundle.inputs.filter((path) => path.includes('node_modules/ws/') || path.startsWith('node:'))).toEqual([])
    expect(bundle.code).not.toMatch(/from ?["']node:|require\(["']/)
  })

  it('call a server and are answered, in channels within messages', async () => {
    await using visit = await Visit.begin()

    expect(await visit.play('call')).toEqual({
      text: 'HELLO',
      numbers: [1, 2, 3],
      transport: 'ws',
      remoteAddress: visit.site.channelsUrl
    })
  })

  it('carry 16 MiB each way at the same time', async () => {
    await using visit = await Visit.begin()

    expect(await visit.play('echoBytes', 16 * MIB)).toEqual({ total: 16 * MIB, isSame: true })
  })

  it('hold back bytes that nobody reads, and nothing else', async () => {
    await using visit = await Visit.begin()

    const written = await visit.play('stall')

    expect(written).toBeGreaterThan(0)
    expect(written).toBeLessThanOrEqual(2 * MIB)
  })

  it('select', async () => {
    await using visit = await Visit.begin()

    expect(await visit.play('selects')).toEqual(['late', 'answers', 'CHOSEN', 'stop'])
  })

  it('join two sides within the page', async () => {
    await using visit = await Visit.begin()

    expect(await visit.play('memory')).toBe('from memory')
  })

  it('say why the server gave up', async () => {
    await using visit = await Visit.begin()

    expect(await visit.play('abort')).toMatchObject({ code: 'ChannelAborted', reason: { code: 300, message: 'quota used up' } })
  })

  it('tell the server why the page gave up', async () => {
    await using visit = await Visit.begin()

    expect(await visit.play('cancel')).toEqual({ how: 'cancelled', code: 301, message: 'seen enough' })
  })

  it('take the loss of the connection for an error, not an end', async () => {
    await using visit = await Visit.begin()

    expect(await visit.play('loss')).toEqual({ failures: ['ConnectionLost', 'ConnectionLost'], by: 'loss', error: 'ConnectionLost' })
  })

  it('end with the session that the server closes', async () => {
    await using visit = await Visit.begin()

    expect(await visit.play('closeByServer')).toEqual({ by: 'them', error: undefined })
  })

  it('say that nobody serves channels there', async () => {
    await using visit = await Visit.begin()

    expect(await visit.playAt(visit.site.channelsUrl.replace('/channels', '/other'), 'refused')).toEqual({
      seen: { code: 'ConnectFailed', message: expect.stringContaining('/other: the WebSocket closed with code 1006'), reason: undefined },
      isSoon: true
    })
  })

  it('refuse what a page cannot do', async () => {
    await using visit = await Visit.begin()

    expect(await visit.play('withHeader')).toMatchObject({ code: 'UnsupportedOperation' })
    expect(await visit.play('listens')).toMatchObject({ code: 'UnsupportedOperation' })
    expect(await visit.playAt('tcp://localhost:1', 'refused')).toMatchObject({ seen: { code: 'InvalidAddress' } })
  })
})
