// What the tests of the demo and the dashboard share. Both come from the real server.
import type { Locator, Page } from 'playwright-core'
import axe from 'axe-core'
import { expect, onTestFinished } from 'vitest'
import type { BrowserContext } from 'playwright-core'
import type { Server } from './harness/server.js'

export interface Opened {
  page: Page
  /** What the browser complained about: scripts that the policy forbids, errors nobody caught. */
  complaints: string[]
  /** All addresses that were asked for. */
  asked: URL[]
}

/** Opens a page of the server. */
export async function openPage (window: BrowserContext, server: Server, path: string): Promise<Opened> {
  const page = await window.newPage()
  onTestFinished(async () => { await page.close() })
  await page.setViewportSize({ width: 1280, height: 900 })
  const opened: Opened = { page, complaints: [], asked: [] }
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') opened.complaints.push(message.text())
  })
  page.on('pageerror', (error) => { opened.complaints.push(String(error.stack)) })
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.protocol !== 'data:') opened.asked.push(url)
  })
  await page.goto(server.url + path)
  return opened
}

export async function openDemo (window: BrowserContext, server: Server): Promise<Opened> {
  const opened = await openPage(window, server, `/demo#key=${server.key}`)
  await opened.page.getByRole('status').getByText('Connected').waitFor()
  return opened
}

export async function openDashboard (window: BrowserContext, server: Server): Promise<Opened> {
  const opened = await openPage(window, server, `/admin#key=${server.key}`)
  await opened.page.getByText('Live', { exact: true }).waitFor()
  await panel(opened.page, 'Live events').getByText('Connected').waitFor()
  return opened
}

/** A part of the page, by its heading. */
export function panel (page: Page, heading: string): Locator {
  return page.getByRole('region', { name: heading, exact: true })
}

/** What a locator finds has this text, sooner or later. */
export async function reads (locator: Locator, text: string | RegExp): Promise<void> {
  await expect.poll(async () => (await locator.allTextContents()).join('\n'), { timeout: 10_000 }).toMatch(text)
}

/** So many are found, sooner or later. */
export async function counts (locator: Locator, many: number): Promise<void> {
  await expect.poll(async () => await locator.count(), { timeout: 10_000 }).toBe(many)
}

/** Nothing that axe knows of keeps anybody out, in the light and in the dark: of the page, or of the dialog that is open. */
export async function isAccessible (page: Page): Promise<void> {
  const all = { type: 'tag' as const, values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }
  const colours = { type: 'rule' as const, values: ['color-contrast'] } // all that the dark changes
  await page.evaluate(axe.source)
  for (const [colorScheme, runOnly] of [['light', all], ['dark', colours]] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const violations = await page.evaluate(async (runOnly) => {
      const { axe } = globalThis as unknown as { axe: typeof import('axe-core') }
      const result = await axe.run(document.querySelector('dialog[open]') ?? document, { runOnly: { ...runOnly, values: [...runOnly.values] }, resultTypes: ['violations'], preload: false })
      return result.violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`) }))
    }, runOnly)
    expect(violations, colorScheme).toEqual([])
  }
}

/** Nothing has to be scrolled sideways. */
export async function fits (page: Page): Promise<void> {
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 844 })
    const { content, room } = await page.evaluate(() => ({ content: document.documentElement.scrollWidth, room: innerWidth }))
    expect(content, `${width} pixels wide`).toBeLessThanOrEqual(room)
  }
}
