import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Command } from '../parts/words'
import { refusal, signIn } from '../service/session'

/** Asks for a key, and says where one is. */
export function Login(): JSX.Element {
  const input = useRef<HTMLInputElement>(null)
  const [missing, setMissing] = useState(false)
  useEffect(() => input.current?.focus(), [])
  const problem = missing ? 'Enter a key: it begins with kdr_.' : refusal.value === null ? null : `That key was refused: ${refusal.value}.`
  return (
    <main class="login" id="main">
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault()
          const given = input.current?.value.trim() ?? ''
          setMissing(given === '')
          if (given !== '') signIn(given)
        }}
      >
        <h1>Sign in to KdRobust</h1>
        <p class="lead">Everything here belongs to somebody, so the service asks for an API key.</p>
        <label for="key">API key</label>
        <input ref={input} id="key" type="password" autocomplete="off" spellcheck={false} placeholder="kdr_…" aria-invalid={problem !== null} aria-describedby="key-problem" />
        <p id="key-problem" class="refused" role="alert" hidden={problem === null}>
          {problem}
        </p>
        <button type="submit" class="button primary">
          Sign in
        </button>
        <div class="where">
          <h2>Where is my key?</h2>
          <p>
            A local service prints a link that signs in by itself when it starts: <Command>./kdr up</Command>. Its key lies in <Command>.kdr/key</Command>.
          </p>
          <p>On a shared service, ask whoever runs it. The key stays in this tab and is forgotten when the tab is closed.</p>
        </div>
      </form>
    </main>
  )
}
