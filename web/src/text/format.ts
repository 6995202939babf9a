/** Numbers and times as people read them. Nothing here reads a clock. */

const thin = '\u202f'

/** 1 234 567, by thin spaces that do not break. */
export function count(n: number): string {
  return Math.round(n).toString().replace(/\B(?=(\d{3})+(?!\d))/g, thin)
}

/** `1 job`, `2 jobs`. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`
}

/** A duration by its two largest units: `4.2 s`, `1 min 05 s`, `2 h 03 min`, `3 d 4 h`. */
export function duration(seconds: number): string {
  const s = Math.max(0, seconds)
  if (s < 1) return `${Math.round(s * 1000)} ms`
  if (s < 9.95) return `${s.toFixed(1)} s`
  const whole = Math.round(s)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`
  const minutes = Math.round(s / 60)
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`
  const hours = Math.round(s / 3600)
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** How long ago, by one unit: `now`, `12 s ago`, `5 min ago`, `3 h ago`, `2 d ago`. */
export function ago(milliseconds: number): string {
  const s = Math.max(0, Math.floor(milliseconds / 1000))
  if (s < 2) return 'now'
  return `${coarse(s)} ago`
}

/** How long until, by one unit: `due`, `in 12 s`, `in 5 min`. */
export function until(milliseconds: number): string {
  const s = Math.ceil(milliseconds / 1000)
  return s <= 0 ? 'due' : `in ${coarse(s)}`
}

function coarse(s: number): string {
  if (s < 90) return `${s} s`
  if (s < 90 * 60) return `${Math.round(s / 60)} min`
  if (s < 36 * 3600) return `${Math.round(s / 3600)} h`
  return `${Math.round(s / 86_400)} d`
}

/** Per cent with one decimal, without the sign: `46.0`. Takes a value in per cent. */
export function percent(value: number): string {
  return value.toFixed(1)
}

/** `152.6 MiB`. */
export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = n
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ''}`
}

/** Three significant digits, for axes and readings: `0.413`, `12.3`, `1.2e-5`. */
export function significant(value: number): string {
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size < 0.001 || size >= 100_000) return value.toExponential(1)
  return size >= 1000 ? count(value) : Number(value.toPrecision(3)).toString()
}

/** Cuts a long name in its middle, where names differ least. */
export function middle(name: string, longest: number): string {
  if (name.length <= longest) return name
  const head = Math.ceil((longest - 1) / 2)
  return `${name.slice(0, head)}…${name.slice(name.length - (longest - 1 - head))}`
}

/** The day and the time in the reader's zone: `27 Nov 14:02:11`; the year is told when it is not this one. */
export function moment(date: Date, now: Date): string {
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
  const day = date.toDateString() === now.toDateString() ? '' : `${date.getDate()} ${months[date.getMonth()] ?? ''} ${date.getFullYear() === now.getFullYear() ? '' : `${date.getFullYear()} `}`
  return `${day}${clock(date)}`
}

/** `14:02:11`. */
export function clock(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

function two(n: number): string {
  return n.toString().padStart(2, '0')
}
