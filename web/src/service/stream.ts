import { signal } from '@preact/signals'
import { headers, Refusal, refusalOf } from './client'
import { signOut } from './session'
import { EventParser } from './sse'

/** How the page hears of news: what the line at the top says. */
export type Link =
  | { phase: 'none' }
  | { phase: 'connecting'; since: number }
  | { phase: 'live'; heard: number }
  | { phase: 'lost'; since: number; again: number; why: string }
  | { phase: 'resting'; since: number }

export const link = signal<Link>({ phase: 'none' })

/** The service says something at least every ten seconds; silence of this length is a broken line. */
const longestSilence = 15_000
const shortestPause = 1000
const longestPause = 15_000
/** A tab that nobody looks at lets go of its connection after this time. */
const longestUnseen = 30_000

/** The pause before the n-th try, from 0, in milliseconds; doubles, with up to a quarter taken off so that many pages do not come at once. */
export function pauseBefore(attempt: number, asked: number | null, chance: number): number {
  return Math.min(longestPause, (asked ?? shortestPause) * 2 ** Math.min(attempt, 8)) * (1 - chance / 4)
}

interface Ears {
  hear: (event: string, data: unknown) => void
  refused: (refusal: Refusal) => void
}

/**
 * Follows an event stream with the key in a header, which EventSource cannot send. After a break it goes on from the last
 * message it heard.
 */
export class Stream {
  private readonly parser = new EventParser()
  private control: AbortController | null = null
  private silence: ReturnType<typeof setTimeout> | undefined
  private timer: ReturnType<typeof setTimeout> | undefined
  private unseen: ReturnType<typeof setTimeout> | undefined
  private attempt = 0
  private lostSince = 0
  private ended = false

  constructor(
    private readonly path: string,
    private readonly ears: Ears,
  ) {
    document.addEventListener('visibilitychange', this.look)
    addEventListener('online', this.again)
    addEventListener('offline', this.cut)
    // A page that is left may be kept for the way back: its connection is one of the few that a browser has for a service.
    addEventListener('pagehide', this.rest)
    addEventListener('pageshow', this.again)
    follow(this)
    link.value = { phase: 'connecting', since: Date.now() }
    void this.connect()
  }

  close(): void {
    this.ended = true
    document.removeEventListener('visibilitychange', this.look)
    removeEventListener('online', this.again)
    removeEventListener('offline', this.cut)
    removeEventListener('pagehide', this.rest)
    removeEventListener('pageshow', this.again)
    clearTimeout(this.timer)
    clearTimeout(this.silence)
    clearTimeout(this.unseen)
    this.control?.abort()
    if (current === this) {
      current = null
      link.value = { phase: 'none' }
    }
  }

  /** Tries at once instead of at the end of the pause. */
  readonly again = (): void => {
    if (this.ended || (link.value.phase !== 'lost' && link.value.phase !== 'resting')) return
    clearTimeout(this.timer)
    void this.connect()
  }

  private readonly cut = (): void => this.control?.abort(new Error('this machine is offline'))

  private readonly look = (): void => {
    clearTimeout(this.unseen)
    if (document.visibilityState === 'visible') this.again()
    else
      this.unseen = setTimeout(this.rest, longestUnseen)
  }

  private readonly rest = (): void => {
    clearTimeout(this.timer)
    link.value = { phase: 'resting', since: Date.now() }
    this.control?.abort()
  }

  private async connect(): Promise<void> {
    const control = new AbortController()
    this.control?.abort()
    this.control = control
    this.parser.reset()
    try {
      this.listen(control)
      const response = await fetch(this.path, {
        headers: { ...headers(), Accept: 'text/event-stream', ...(this.parser.lastEventId ? { 'Last-Event-ID': this.parser.lastEventId } : {}) },
        cache: 'no-store',
        signal: control.signal,
      })
      if (!response.ok || !response.body) {
        const refusal = await refusalOf(response)
        if (refusal.status >= 400 && refusal.status < 500 && refusal.status !== 429) return this.refuse(refusal)
        throw refusal
      }
      await this.read(response.body, control)
      this.lose(control, 'the service ended the connection')
    } catch (error) {
      this.lose(control, control.signal.aborted ? reason(control.signal.reason) : reason(error))
    }
  }

  private async read(body: ReadableStream<Uint8Array>, control: AbortController): Promise<void> {
    const reader = body.getReader()
    const text = new TextDecoder()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      if (control !== this.control) return
      this.listen(control)
      this.attempt = 0
      this.lostSince = 0
      link.value = { phase: 'live', heard: Date.now() }
      for (const message of this.parser.push(text.decode(value, { stream: true })))
        if (message.event !== 'ping') this.ears.hear(message.event, JSON.parse(message.data) as unknown)
    }
  }

  private listen(control: AbortController): void {
    clearTimeout(this.silence)
    this.silence = setTimeout(() => control.abort(new Error(`nothing was heard for ${longestSilence / 1000} s`)), longestSilence)
  }

  private lose(control: AbortController, why: string): void {
    clearTimeout(this.silence)
    if (this.ended || control !== this.control || link.value.phase === 'resting') return
    const pause = pauseBefore(this.attempt++, this.parser.retry, Math.random())
    this.lostSince ||= Date.now()
    link.value = { phase: 'lost', since: this.lostSince, again: Date.now() + pause, why }
    this.timer = setTimeout(() => void this.connect(), pause)
  }

  private refuse(refusal: Refusal): void {
    this.close()
    if (refusal.status === 401) signOut(refusal.detail)
    else this.ears.refused(refusal)
  }
}

let current: Stream | null = null

function follow(stream: Stream): void {
  current = stream
}

/** Tries the page's stream again now. */
export function tryAgain(): void {
  current?.again()
}

function reason(error: unknown): string {
  if (error instanceof TypeError) return 'the service does not answer'
  return error instanceof Error ? error.message : String(error)
}
