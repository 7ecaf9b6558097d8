import type { BrowserContext, CDPSession, Page } from 'playwright-core'
import { expect } from 'vitest'
import { compare } from './compare.js'
import type { Controls, Said, Wishes } from './said.js'

const patience = 15_000 // ms

type Of<K extends Said['kind']> = Extract<Said, { kind: K }>

declare const controls: Controls // in the page

/** A tab with a test page in it, and all that the page has reported, over reloads too. */
export class Tab {
  readonly said: Said[] = []
  /** What nobody caught in the page: a test in which there is some has failed. */
  readonly uncaught: Error[] = []
  /** Requests for streams that came from this tab. */
  asked = 0
  #wake: Array<() => void> = []

  private constructor (readonly page: Page, readonly devtools: CDPSession) {}

  static async open (window: BrowserContext, url: string): Promise<Tab> {
    const page = await window.newPage()
    const tab = new Tab(page, await window.newCDPSession(page))
    const heard = new Set<string>()
    await page.exposeFunction('hear', (key: string, said: Said) => {
      // What was heard, but not answered in time, is told again by the next page.
      if (heard.has(key)) return
      heard.add(key)
      tab.#hear(said)
    })
    page.on('pageerror', (error) => { tab.uncaught.push(error) })
    page.on('console', (message) => {
      if (message.type() === 'error') tab.#hear({ by: 'page', kind: 'note', text: `console: ${message.text()}` })
    })
    page.on('request', (request) => {
      if (request.method() === 'GET' && new URL(request.url()).pathname === '/api/sse') tab.asked++
    })
    await page.goto(url)
    return tab
  }

  #hear (said: Said): void {
    this.said.push(said)
    for (const wake of this.#wake.splice(0)) wake()
  }

  /** Waits until what was reported is as asked for. */
  async until (what: string, condition: () => boolean): Promise<void> {
    const deadline = Date.now() + patience
    while (!condition()) {
      const left = deadline - Date.now()
      if (left <= 0) throw new Error(`not within ${patience} ms: ${what}; the page's last words:\n${this.#lastWords()}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#wake.push(() => { clearTimeout(timer); resolve() })
      })
    }
  }

  #lastWords (): string {
    return this.said.slice(-25).map((said) => JSON.stringify(said).slice(0, 200)).join('\n')
  }

  of<K extends Said['kind']> (kind: K, by = 'main'): Array<Of<K>> {
    return this.said.filter((said): said is Of<K> => said.kind === kind && said.by === by)
  }

  events (by?: string): Array<Of<'event'>> { return this.of('event', by) }
  ids (by?: string): Array<string | undefined> { return this.events(by).map((event) => event.id) }
  status (by?: string): string | undefined { return this.of('status', by).at(-1)?.status }

  /** Waits until that is its status now. */
  async is (status: string, by = 'main'): Promise<void> {
    await this.until(`${by} is ${status}`, () => this.status(by) === status)
  }

  /** Waits until it has been open so many times. */
  async opened (times: number, by = 'main'): Promise<void> {
    await this.until(`${by} was opened ${times} times`, () => this.of('open', by).length >= times)
  }

  /** Waits until what was reported of that kind is so many, and returns them. */
  async has<K extends Said['kind']> (kind: K, count = 1, by = 'main'): Promise<Array<Of<K>>> {
    await this.until(`${count} × ${kind} of ${by}`, () => this.of(kind, by).length >= count)
    return this.of(kind, by)
  }

  /**
   * Waits for the last of these events. By then it must have had all of them, once
   * and in their order: nothing is lost, nothing doubled.
   */
  async hasExactly (ids: readonly string[], by?: string): Promise<void> {
    const last = ids.at(-1)
    await this.until(`event ${last}`, () => this.ids(by).includes(last))
    expect(compare(ids, this.ids(by))).toEqual({ lost: [], doubled: [], unexpected: [], inOrder: true })
  }

  async call<C extends keyof Controls> (control: C, ...args: Parameters<Controls[C]>): Promise<Awaited<ReturnType<Controls[C]>>> {
    return await this.page.evaluate(([name, args]) =>
      (controls[name] as (...args: unknown[]) => unknown)(...args), [control, args] as const) as Awaited<ReturnType<Controls[C]>>
  }

  /** Stops all that the page does, as browsers do with tabs nobody looks at. */
  async freeze (): Promise<void> {
    await this.devtools.send('Page.setWebLifecycleState', { state: 'frozen' })
  }

  async thaw (): Promise<void> {
    await this.devtools.send('Page.setWebLifecycleState', { state: 'active' })
  }

  /** Its process dies. */
  async crash (): Promise<void> {
    const crashed = this.page.waitForEvent('crash')
    this.devtools.send('Page.crash').catch(() => {}) // nobody is there to answer
    await crashed
  }
}

/** The address of a page that shows these components. */
export function address (origin: string, page: string, wishes: Wishes): string {
  return `${origin}/${page}?${new URLSearchParams({ wishes: JSON.stringify(wishes) })}`
}
