/**
 * Makes a function that runs `work` in the next animation frame, however often it is
 * called before. A hidden page has no frames: what it would have drawn is drawn once,
 * when it is seen again.
 */
export function perFrame(work: () => void): () => void {
  let asked = false
  return () => {
    if (asked) return
    asked = true
    requestAnimationFrame(() => {
      asked = false
      work()
    })
  }
}
