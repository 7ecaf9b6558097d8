import type { Site } from './site.js'
import type { Tab } from './tab.js'

/** Keeps a page from doing anything until it is released: it waits for an answer as no page should. */
export async function hang ({ page }: Tab, site: Site): Promise<() => void> {
  let release = (): void => {}
  const released = new Promise<string>((resolve) => { release = () => { resolve('') } })
  await new Promise<void>((resolve) => {
    site.routes['/hang'] = async () => {
      resolve()
      return await released
    }
    void page.evaluate(() => {
      const request = new XMLHttpRequest()
      request.open('GET', '/hang', false)
      request.send()
    })
  })
  return release
}
