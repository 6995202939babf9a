import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Refusal } from '../service/client'

interface Question {
  /** On the button that opens it. */
  label: string
  /** The same with the thing's name, for who hears the button alone. */
  spoken: string
  title: string
  children: ComponentChildren
  /** On the button that does it, and on the one that does not. */
  yes: string
  no: string
  danger?: boolean
  /** Does it; a refusal is shown in the dialog. */
  act: () => Promise<void>
  /** What more can be said after a refusal, e.g. that it is meant for all. */
  after?: (refusal: Refusal) => { yes: string; act: () => Promise<void> } | null
}

/** A button whose act is confirmed in a dialog that says what follows from it. */
export function Asking({ label, spoken, title, children, yes, no, danger, act, after }: Question): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const [open, setOpen] = useState(false)
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<Refusal | null>(null)
  useEffect(() => {
    if (open) dialog.current?.showModal()
  }, [open])

  const close = () => {
    dialog.current?.close()
    setOpen(false)
    setRefusal(null)
  }
  const run = async (what: () => Promise<void>) => {
    setBusy(true)
    try {
      await what()
      close()
    } catch (error) {
      setRefusal(error instanceof Refusal ? error : new Refusal(0, 'That did not work', error instanceof Error ? error.message : String(error)))
    } finally {
      setBusy(false)
    }
  }
  const more = refusal && after ? after(refusal) : null
  return (
    <>
      <button type="button" class={`button small${danger ? ' danger' : ''}`} aria-label={spoken} onClick={() => setOpen(true)}>
        {label}
      </button>
      {open && (
        <dialog ref={dialog} class="dialog" aria-label={title} onClose={close}>
          <form
            method="dialog"
            onSubmit={(event) => {
              event.preventDefault()
              void run(more?.act ?? act)
            }}
          >
            <h2>{title}</h2>
            <div class="dialog-text">{children}</div>
            {refusal && (
              <p class="refused" role="alert">
                <strong>{refusal.title}.</strong> {refusal.detail}
              </p>
            )}
            <div class="dialog-acts">
              <button type="button" class="button" onClick={close} autofocus>
                {no}
              </button>
              <button type="submit" class={`button ${danger ? 'danger strong' : 'primary'}`} disabled={busy}>
                {busy ? 'Asking…' : (more?.yes ?? yes)}
              </button>
            </div>
          </form>
        </dialog>
      )}
    </>
  )
}
