// What WCAG 2.2 AA asks of a page and can be computed: names, roles, order of headings, contrast, sizes, reflow.
kdr.problems = () => {
  const problems = []
  const say = (element, what) => problems.push(`${what}: ${element.outerHTML.slice(0, 140).replace(/\s+/g, ' ')}`)
  const all = (selector) => [...document.querySelectorAll(selector)].filter((element) => kdr.seen(element))

  if (!document.documentElement.lang) problems.push('the document names no language')
  if (document.documentElement.scrollWidth > innerWidth) problems.push(`the page is ${document.documentElement.scrollWidth} wide in a window of ${innerWidth}`)
  // What is cut off at the edge cannot be read either, except where it can be scrolled to.
  for (const element of all('body *').filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll, pre, svg, .plot, .unseen'))) say(element, 'is cut off at the right')
  if (all('h1').length !== 1) problems.push(`${all('h1').length} h1`)
  if (all('main').length !== 1) problems.push(`${all('main').length} main`)
  let level = 0
  for (const heading of all('h1, h2, h3, h4')) {
    const next = Number(heading.tagName[1])
    if (next > level + 1) say(heading, `a heading of level ${next} after ${level}`)
    level = next
  }

  const ids = all('[id]').map((element) => element.id)
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) problems.push(`two elements are called #${id}`)
  for (const attribute of ['aria-labelledby', 'aria-describedby'])
    for (const element of all(`[${attribute}]`))
      for (const id of element.getAttribute(attribute).split(' ')) if (!document.getElementById(id)) say(element, `${attribute} names #${id}, which is not there`)

  for (const element of all('a[href], button, input, select, textarea, summary, [role="progressbar"], [role="img"], [role="region"], dialog[open]'))
    if (kdr.name(element) === '') say(element, 'has no name')
  for (const image of all('img')) if (!image.hasAttribute('alt')) say(image, 'no alt')
  for (const cell of document.querySelectorAll('th')) if (!cell.hasAttribute('scope')) say(cell, 'no scope')
  for (const box of all('*').filter((e) => ['auto', 'scroll'].includes(getComputedStyle(e).overflowX) && e.scrollWidth > e.clientWidth + 1 && !e.matches('input')))
    if (box.tabIndex < 0) say(box, 'scrolls, but not by keys')
  for (const element of all('button, select, input, summary, nav a')) {
    const { width, height } = element.getBoundingClientRect()
    // A radio button is as large as the label around it.
    if ((width < 24 || height < 24) && !element.closest('label') && !element.matches('summary')) say(element, `a target of ${width.toFixed(0)} x ${height.toFixed(0)}`)
  }
  for (const element of all('[tabindex]')) if (element.tabIndex > 0) say(element, 'a place in the order of its own')

  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = colour
    canvas.fillRect(0, 0, 1, 1)
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data
    return [r, g, b, a / 255]
  }
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1)
  const ground = (element) => {
    const layers = []
    for (let at = element; at; at = at.parentElement) {
      layers.push(rgba(getComputedStyle(at).backgroundColor))
      if (layers.at(-1)[3] === 1) break
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), rgba('white'))
  }
  const light = ([r, g, b]) => {
    const linear = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
  }
  const contrast = (a, b) => {
    const [high, low] = [light(a), light(b)].sort((x, y) => y - x)
    return (high + 0.05) / (low + 0.05)
  }
  for (const element of all('body *')) {
    if (element.closest('svg, canvas, .unseen') || ![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '')) continue
    const style = getComputedStyle(element)
    const below = ground(element)
    const size = parseFloat(style.fontSize)
    const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5
    const found = contrast(over(rgba(style.color), below), below)
    if (found < needed) say(element, `contrast ${found.toFixed(2)} of ${needed}`)
  }
  for (const field of all('input[type="search"], input[type="password"], select, button:not(.quiet, .legend-line)')) {
    const found = contrast(rgba(getComputedStyle(field).borderTopColor), ground(field.parentElement))
    if (found < 3) say(field, `its edge has a contrast of ${found.toFixed(2)} of 3`)
  }
  return problems
}
