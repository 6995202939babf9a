/** One message of an event stream. */
export interface ServerEvent {
  event: string
  data: string
}

/**
 * Reads a text/event-stream piece by piece, wherever the pieces are cut. Keeps what the standard keeps between messages:
 * the id of the last message and the pause before a reconnect.
 */
export class EventParser {
  /** Id of the last message, to be sent as Last-Event-ID. */
  lastEventId = ''
  /** The pause the server asked for, in milliseconds; null when it said nothing. */
  retry: number | null = null

  private rest = ''
  private event = ''
  private data: string[] = []
  private id: string | null = null

  /** Messages that became complete with this piece. */
  push(piece: string): ServerEvent[] {
    const messages: ServerEvent[] = []
    this.rest += piece
    for (;;) {
      const end = this.rest.search(/[\r\n]/)
      if (end < 0) break
      // A lone \r at the very end may be the first half of \r\n.
      if (this.rest[end] === '\r' && end === this.rest.length - 1) break
      const line = this.rest.slice(0, end)
      this.rest = this.rest.slice(end + (this.rest.startsWith('\r\n', end) ? 2 : 1))
      const message = this.line(line)
      if (message) messages.push(message)
    }
    return messages
  }

  /** Forgets a message that was cut off. */
  reset(): void {
    this.rest = ''
    this.clear()
  }

  private line(line: string): ServerEvent | null {
    if (line === '') return this.dispatch()
    const colon = line.indexOf(':')
    if (colon === 0) return null
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'event') this.event = value
    else if (field === 'data') this.data.push(value)
    else if (field === 'id' && !value.includes('\0')) this.id = value
    else if (field === 'retry' && /^\d+$/.test(value)) this.retry = Number(value)
    return null
  }

  private dispatch(): ServerEvent | null {
    if (this.id !== null) this.lastEventId = this.id
    const message = this.data.length > 0 ? { event: this.event || 'message', data: this.data.join('\n') } : null
    this.clear()
    return message
  }

  private clear(): void {
    this.event = ''
    this.data = []
    this.id = null
  }
}
