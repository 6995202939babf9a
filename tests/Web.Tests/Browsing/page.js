// What the tests ask a page: whether something is so yet, and where the thing of a name is.
globalThis.kdr = {
  text: () => document.body?.innerText.replace(/\s+/g, ' ') ?? '',

  until: (holds, limit) =>
    new Promise((done) => {
      const begun = performance.now()
      const look = () => {
        let so = false
        try {
          so = holds()
        } catch {
          so = false
        }
        if (so) done(true)
        else if (performance.now() - begun > limit) done(false)
        else requestAnimationFrame(look)
      }
      look()
    }),

  // The accessible name, as far as this page's markup goes.
  name: (element) => {
    if (!element) return ''
    const labelled = element.getAttribute('aria-labelledby')
    const own = element.id ? document.querySelector(`label[for="${element.id}"]`) : null
    const text =
      element.getAttribute('aria-label') ||
      (labelled ? labelled.split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join(' ') : '') ||
      own?.textContent ||
      element.closest('label')?.textContent ||
      [...element.childNodes].map((node) => (node.nodeType === 1 && node.getAttribute('aria-hidden') === 'true' ? '' : node.textContent)).join('') ||
      element.getAttribute('alt') ||
      element.getAttribute('title') ||
      ''
    return text.replace(/\s+/g, ' ').trim()
  },

  seen: (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && element.getClientRects().length > 0,

  acting: () => [...(document.querySelector('dialog[open]') ?? document).querySelectorAll('a[href], button, input, select, summary, textarea')].filter((e) => kdr.seen(e)),

  named: (name) => kdr.acting().find((element) => kdr.name(element) === name) ?? null,

  middle: (name) => {
    const element = kdr.named(name)
    element.scrollIntoView({ block: 'center', behavior: 'instant' })
    const box = element.getBoundingClientRect()
    return [box.x + box.width / 2, box.y + box.height / 2]
  },
}
